#!/usr/bin/env bash
# A local Apache Kafka (KRaft, one broker) on 127.0.0.1:KAFKA_PORT with its data in KAFKA_DATA, until it is stopped.
# With KAFKA_TLS_PORT from the first start on, it also listens there, with TLS and a login: SCRAM-SHA-512 as `razao` with
# KAFKA_PASSWORD, or an unsigned OAuth token. Clients trust KAFKA_DATA/ca.pem.
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

listeners=PLAINTEXT://127.0.0.1:$port
format=()
if [[ -n ${KAFKA_TLS_PORT:-} ]]; then
  listeners+=,SASL_SSL://127.0.0.1:$KAFKA_TLS_PORT
  format=(--add-scram "SCRAM-SHA-512=[name=razao,password=$KAFKA_PASSWORD]")
  store=(-keystore "$data/keystore.p12" -storetype PKCS12 -storepass localhost -alias broker)
  if [[ ! -f $data/ca.pem ]]; then
    rm -f "$data/keystore.p12"
    keytool -genkeypair "${store[@]}" -keyalg EC -groupname secp256r1 -validity 3650 -dname CN=127.0.0.1 \
      -ext SAN=IP:127.0.0.1 2>/dev/null
    keytool -exportcert -rfc "${store[@]}" -file "$data/ca.pem.partial" 2>/dev/null
    mv "$data/ca.pem.partial" "$data/ca.pem"
  fi
fi

# A broker that was killed may come back once its session is over.
# The controller's port may change from start to start: its quorum is this one process.
cat >"$data/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller_port
listeners=$listeners,CONTROLLER://127.0.0.1:$controller_port
advertised.listeners=$listeners
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
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
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
PROPERTIES
if [[ -n ${KAFKA_TLS_PORT:-} ]]; then
  login=org.apache.kafka.common.security
  cat >>"$data/server.properties" <<PROPERTIES
ssl.keystore.location=$data/keystore.p12
ssl.keystore.type=PKCS12
ssl.keystore.password=localhost
sasl.enabled.mechanisms=SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=$login.scram.ScramLoginModule required;
listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=$login.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
PROPERTIES
fi

# What a killed broker leaves behind lies with its data.
mkdir -p "$data/tmp"
java=(java -Xms128m -Xmx512m "-Djava.io.tmpdir=$data/tmp" "-Dlog4j2.configurationFile=$scripts/kafka/log4j2.properties" -cp "$libs/*")
if [[ ! -f $data/log/meta.properties ]]; then
  cluster=$("${java[@]}" kafka.tools.StorageTool random-uuid)
  "${java[@]}" kafka.tools.StorageTool format --cluster-id "$cluster" --config "$data/server.properties" \
    ${format[@]+"${format[@]}"} >/dev/null
fi
echo "kafka: starting on 127.0.0.1:$port, data in $data" >&2
# In this process's place, so that signals reach it: it closes its logs and leaves on SIGTERM and SIGINT.
exec "${java[@]}" kafka.Kafka "$data/server.properties"
