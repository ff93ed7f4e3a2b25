# Run by confluent-kafka.test.ts: what a Python program does with confluent-kafka (librdkafka).
import sys
import threading

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

bootstrap = sys.argv[1]
conf = {'bootstrap.servers': bootstrap}
admin = AdminClient(conf)
COUNT = 600


def check(ok, what):
    if not ok:
        raise SystemExit(f'wrong: {what}')


def create(name, partitions=1):
    for future in admin.create_topics([NewTopic(name, partitions, 1)]).values():
        future.result()


def produce(topic, count, **settings):
    failed = []
    producer = Producer({**conf, **settings})
    for index in range(count):
        producer.produce(topic, key=str(index), value=f'value {index}',
                         on_delivery=lambda error, _: failed.append(error) if error else None)
        producer.poll(0)
    check(producer.flush(20) == 0, 'all are delivered')
    check(not failed, f'no delivery failed: {failed[:1]}')


def consume(consumer, count, timeout=20):
    values = []
    while len(values) < count:
        message = consumer.poll(timeout)
        check(message is not None, f'{count} records, not {len(values)}')
        if message.error() is None:
            values.append(message.value().decode())
        else:
            check(message.error().code() == KafkaError._PARTITION_EOF, message.error())
    return values


def member(group, **settings):
    return Consumer({**conf, 'group.id': group, 'auto.offset.reset': 'earliest',
                     'session.timeout.ms': 6000, 'heartbeat.interval.ms': 200, **settings})


for codec in ['none', 'gzip', 'snappy', 'lz4', 'zstd']:
    topic = f'py-{codec}'
    create(topic)
    produce(topic, COUNT, **{'compression.type': codec, 'enable.idempotence': True, 'acks': 'all'})
    reader = member(f'py-read-{codec}')
    reader.subscribe([topic])
    check(consume(reader, COUNT) == [f'value {i}' for i in range(COUNT)], f'{codec} as it was sent')
    reader.close()

create('py-offsets')
produce('py-offsets', 10)
reader = member('py-offsets')
reader.assign([TopicPartition('py-offsets', 0, 7)])
check(consume(reader, 3) == ['value 7', 'value 8', 'value 9'], 'from an offset')
check(reader.get_watermark_offsets(TopicPartition('py-offsets', 0)) == (0, 10), 'the watermarks')
reader.commit(offsets=[TopicPartition('py-offsets', 0, 4)], asynchronous=False)
check(reader.committed([TopicPartition('py-offsets', 0)])[0].offset == 4, 'a commit of its own')
reader.close()

for strategy in ['range', 'cooperative-sticky']:
    topic = f'py-{strategy}'
    create(topic, 4)
    produce(topic, COUNT)
    members = [member(topic, **{'partition.assignment.strategy': strategy, 'group.instance.id': f'i{i}'})
               for i in range(2)]
    seen = []
    lock = threading.Lock()
    owned = {}
    done = threading.Event()

    def run(index, consumer):
        consumer.subscribe([topic])
        while not done.is_set():
            message = consumer.poll(0.1)
            with lock:
                owned[index] = {one.partition for one in consumer.assignment()}
                if message is not None and message.error() is None:
                    seen.append(message.value().decode())
                if len(seen) >= COUNT and sorted(map(len, owned.values())) == [2, 2]:
                    done.set()
        consumer.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(members)]
    for thread in threads:
        thread.start()
    done_in_time = done.wait(40)
    done.set()
    for thread in threads:
        thread.join()
    check(done_in_time, f'{strategy}: two members with two partitions each, {owned}')
    check(set(seen) == {f'value {i}' for i in range(COUNT)}, f'{strategy}: every record')

admin.create_partitions([NewPartitions('py-offsets', 3)])['py-offsets'].result()
check(admin.list_topics(timeout=10).topics.keys() >= {'py-offsets', 'py-none'}, 'topics are listed')
admin.delete_topics(['py-none'])['py-none'].result()
print('done')
