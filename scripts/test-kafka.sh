#!/usr/bin/env bash
# The local Kafka takes keyed records and gives them back in order within each key.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)

if [[ -z ${KAFKA_BROKERS:-} ]]; then exec "$scripts/with-kafka.sh" "$0"; fi

kafka() { # CLASS ARGUMENT...
  java -Xmx128m -XX:TieredStopAtLevel=1 "-Dlog4j2.configurationFile=$scripts/kafka/log4j2.properties" \
    -cp "$("$scripts/kafka-libs.sh")/*" "org.apache.kafka.tools.$1" --bootstrap-server "$KAFKA_BROKERS" "${@:2}"
}
topic=smoke-$$
loans=(one two three four five)
records() { for n in {01..20}; do for loan in "${loans[@]}"; do echo "loan-$loan:$n"; done; done; }

kafka TopicCommand --create --topic "$topic" --partitions 3 >/dev/null
records | kafka ConsoleProducer --topic "$topic" --property parse.key=true --property key.separator=:
received=$(kafka consumer.ConsoleConsumer --topic "$topic" --from-beginning --max-messages 100 --timeout-ms 30000 \
  --property print.key=true --property key.separator=:)

for loan in "${loans[@]}"; do
  if ! diff <(records | grep "^loan-$loan:") <(grep "^loan-$loan:" <<<"$received"); then
    echo "test-kafka: the records of loan-$loan did not come back as they were sent" >&2
    exit 1
  fi
done
echo "test-kafka: 100 records of ${#loans[@]} keys in 3 partitions came back in order"
