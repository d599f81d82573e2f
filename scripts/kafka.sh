#!/usr/bin/env bash
# A local Apache Kafka (KRaft, one broker) on 127.0.0.1:KAFKA_PORT with its data in KAFKA_DATA, until it is stopped.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)

port=${KAFKA_PORT:-9092}
data=${KAFKA_DATA:-.razao/kafka}
libs=$("$scripts/kafka-libs.sh")
controller_port=$("$scripts/free-port.sh")

if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
  echo "kafka: 127.0.0.1:$port is taken; choose another port with KAFKA_PORT" >&2
  exit 1
fi
mkdir -p "$data"
data=$(cd "$data" && pwd)

# The controller's port may change from start to start: its quorum is this one process.
cat >"$data/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller_port
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller_port
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$data/log
num.partitions=6
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=6
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=6
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
PROPERTIES

java=(java -Xms128m -Xmx512m "-Dlog4j2.configurationFile=$scripts/kafka/log4j2.properties" -cp "$libs/*")
if [[ ! -f $data/log/meta.properties ]]; then
  cluster=$("${java[@]}" kafka.tools.StorageTool random-uuid)
  "${java[@]}" kafka.tools.StorageTool format --cluster-id "$cluster" --config "$data/server.properties" >/dev/null
fi
echo "kafka: starting on 127.0.0.1:$port, data in $data" >&2
# In this process's place, so that signals reach it: it closes its logs and leaves on SIGTERM and SIGINT.
exec "${java[@]}" kafka.Kafka "$data/server.properties"
