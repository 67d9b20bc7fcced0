#!/bin/sh
# Makes the namespace and the search attributes of Turnkeeper. Can be run again at any time: what is
# there stays. Needs the `temporal` command (temporalio/admin-tools has it).
#   TEMPORAL_ADDRESS     default temporal:7233
#   TEMPORAL_NAMESPACE   default 'default'
#   RETENTION            how long histories of ended turns are kept, default 72h
set -eu

TEMPORAL_ADDRESS=${TEMPORAL_ADDRESS:-temporal:7233}
TEMPORAL_NAMESPACE=${TEMPORAL_NAMESPACE:-default}
RETENTION=${RETENTION:-72h}
export TEMPORAL_ADDRESS TEMPORAL_NAMESPACE

# A new namespace is known to every part of the server after a few seconds only.
try() { # what, command…
  what=$1
  shift
  left=${TRIES:-30}
  until output=$("$@" 2>&1); do
    left=$((left - 1))
    if [ "$left" -le 0 ]; then
      echo "$what failed at $TEMPORAL_ADDRESS: $output" >&2
      exit 1
    fi
    sleep 2
  done
  echo "$what: done."
}

# The address comes from the environment; these two want to hear the namespace all the same.
make_namespace() {
  temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
}

make_search_attributes() {
  temporal operator search-attribute create \
    --name AgentId --type Keyword --name RoomId --type Keyword
}

try 'Waiting for the server' temporal operator cluster health
try "Namespace '$TEMPORAL_NAMESPACE'" make_namespace
try 'Search attributes AgentId and RoomId' make_search_attributes
