#!/bin/sh
# nginx of docker-compose.yml: one upstream line for each container of the service, and a reload when they change.
# Each address has a line of its own because the hash ring knows servers by their text: one name with three addresses
# would be one server, and nobody would stick. SHOAL_NODES: names of services; SHOAL_NODE_PORT: their port.
set -eu
run=/tmp/nginx
mkdir -p "$run"

upstreams() {
  for name in $SHOAL_NODES; do
    getent ahostsv4 "$name" || true
  done | cut -d ' ' -f 1 | sort -u |
    sed "s/.*/server &:$SHOAL_NODE_PORT weight=4 max_fails=0;/"
}

lines=$(upstreams)
while [ -z "$lines" ]; do
  echo "Waiting for a container of: $SHOAL_NODES" >&2
  sleep 1
  lines=$(upstreams)
done
echo "$lines" >"$run/upstream.conf"

# DNS tells nobody when it changes, so it is asked. No answer at all changes nothing: DNS may be what is missing.
while sleep 2 && kill -0 $$; do
  new=$(upstreams)
  if [ -n "$new" ] && [ "$new" != "$lines" ]; then
    lines=$new
    echo "$lines" >"$run/upstream.conf"
    kill -HUP $$
  fi
done 2>/dev/null &

exec nginx -c /etc/nginx/shoal/nginx.conf
