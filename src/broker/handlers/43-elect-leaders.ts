// ElectLeaders: preferred or unclean elections on demand. The controller's business.
import { Operation } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { ElectLeaders } from '../../wire/messages/43-elect-leaders.ts'
import { clusterHandler } from '../cluster-handler.ts'

export const electLeadersHandler = clusterHandler(
  ElectLeaders,
  Operation.ALTER,
  ({ controller }, body) => controller.electLeaders(body),
  {
    throttleTimeMs: 0,
    errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
    replicaElectionResults: [],
  },
)
