// LeaderAndIsr: the controller assigns leaders and followers of partitions.
import { Operation } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { LeaderAndIsr } from '../../wire/messages/04-leader-and-isr.ts'
import { clusterHandler } from '../cluster-handler.ts'

export const leaderAndIsrHandler = clusterHandler(
  LeaderAndIsr,
  Operation.CLUSTER_ACTION,
  ({ control }, body) => control.leaderAndIsr(body),
  { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED },
)
