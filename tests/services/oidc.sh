#!/usr/bin/env bash
# An OpenID provider of its own for tests: on loopback, on a free port, its packages and records in a temporary directory.
#
#   tests/services/oidc.sh start DIR   makes DIR, installs and starts the provider, prints its issuer's URL
#   tests/services/oidc.sh stop DIR    stops it and removes DIR
#
# DIR/records.jsonl says what was issued, and what became of it. Beside the provider, a receiver of webhooks listens with TLS: DIR/webhook.url.
set -euo pipefail

usage() { echo "usage: $0 start|stop DIR" >&2; exit 2; }
[ $# = 2 ] || usage
directory=$(realpath -m "$2")
source=$(cd "$(dirname "$0")/oidc" && pwd)

start() {
    command -v node >/dev/null && command -v npm >/dev/null || { echo "$0: no Node.js; install the packages \`nodejs\` and \`npm\`" >&2; exit 1; }
    mkdir -p "$directory"
    cp "$source"/{package.json,package-lock.json,server.mjs,webhooks.mjs} "$directory"
    cd "$directory"
    # What was installed before comes from npm's cache; no package runs anything while it is installed.
    npm ci --prefer-offline --ignore-scripts --no-audit --no-fund >log 2>&1 || { cat log >&2; exit 1; }
    certify >>log 2>&1
    : >records.jsonl
    NODE_ENV=production setsid node server.mjs records.jsonl url >>log 2>&1 </dev/null &
    echo $! >pid
    for _ in $(seq 150); do
        if answers "$(cat url 2>/dev/null)"; then cat url; return; fi
        kill -0 "$(cat pid)" 2>/dev/null || break
        sleep 0.2
    done
    cat log >&2
    stop
    exit 1
}

# Makes what the receiver of webhooks needs: a key that signs them, and a certificate for `localhost` by an authority of its own.
certify() {
    local new=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
    echo "whsec_$(openssl rand -base64 32)" >webhook.key
    openssl req -x509 "${new[@]}" -days 2 -subj /CN=tests -keyout ca.key -out ca.pem
    openssl req "${new[@]}" -subj /CN=localhost -keyout tls.key -out tls.csr
    printf 'subjectAltName = DNS:localhost\nbasicConstraints = CA:FALSE\n' >tls.conf
    openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile tls.conf -out tls.pem
}

# Whether the provider is there and says so.
answers() {
    local address=${1#http://}
    [ -n "$address" ] || return 1
    (
        exec 3<>"/dev/tcp/${address%:*}/${address#*:}"
        printf 'GET /.well-known/openid-configuration HTTP/1.0\r\n\r\n' >&3
        IFS= read -r -t 5 status <&3
        [[ $status == *" 200 "* ]]
    ) 2>/dev/null
}

stop() {
    local pid
    pid=$(cat "$directory/pid" 2>/dev/null || true)
    # The number may belong to another process by now.
    if [ -n "$pid" ] && grep -qs server.mjs "/proc/$pid/cmdline"; then
        kill "$pid"
        for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    fi
    rm -rf "$directory"
}

case $1 in
    start) start ;;
    stop) stop ;;
    *) usage ;;
esac
