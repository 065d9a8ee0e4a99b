# The life of the Debian package on a machine that is a folder. Sourced by scripts/test, with `root` and `scratch` set.

# check WHAT COMMAND...: says what is wrong when a command fails.
check() {
    local what=$1
    shift
    "$@" || { echo "package: $what"; return 1; }
}

# package_lives FOLDER PROGRAM
package_lives() {
    local machine=$1 program=$2 one two conf=$1/etc/konto/konto.env
    local dpkg=(dpkg --root="$machine" --force-script-chrootless --force-depends --log=/dev/null)
    check "dpkg installs as root" test "$EUID" = 0 || return
    mkdir -p "$machine"/{etc,var/lib/dpkg/info,var/lib/dpkg/updates,var/lib/dpkg/triggers} || return
    touch "$machine"/var/lib/dpkg/{status,available} "$machine"/etc/{shadow,gshadow} || return
    echo 'root:x:0:0:root:/root:/bin/sh' >"$machine/etc/passwd"
    echo 'root:x:0:' >"$machine/etc/group"

    # A program that is not optimised is large, and nobody keeps these packages.
    local -x KONTO_PACKAGE_COMPRESSION=none
    "$root/scripts/package" --binary "$program" --out "$scratch/packages" || return
    "$root/scripts/package" --binary "$program" --out "$scratch/packages" --version 99.0.0 || return
    two=$(ls "$scratch"/packages/konto_99*.deb)
    one=$(ls "$scratch"/packages/konto_*.deb | grep -v konto_99)

    DEBIAN_FRONTEND=noninteractive "${dpkg[@]}" --install "$one" </dev/null || return
    check "the program runs" "$machine/usr/bin/konto" --version || return
    check "the service's user was made" grep -q '^konto:' "$machine/etc/passwd" || return
    check "it may read its settings" test "$(stat -c '%a %g' "$conf")" = "640 $(group_of "$machine")" || return
    check "others may not read the books" test "$(stat -c %a "$machine/var/lib/konto")" = 750 || return
    check "the unit starts what was installed" \
        grep -q '^ExecStart=/usr/bin/konto serve$' "$machine/usr/lib/systemd/system/konto.service" || return
    if have systemd-analyze; then
        local unit
        for unit in sysinit basic shutdown network-online multi-user; do
            echo '[Unit]' >"$machine/usr/lib/systemd/system/$unit.target"
        done
        check "the unit is well-formed" systemd-analyze verify --root="$machine" konto.service || return
    fi

    # An upgrade keeps what the operator has set, and the books.
    echo 'KONTO_LISTEN=127.0.0.1:9090' >>"$conf"
    echo books >"$machine/var/lib/konto/konto.db"
    DEBIAN_FRONTEND=noninteractive "${dpkg[@]}" --install "$two" </dev/null || return
    check "the newer one is installed" \
        test "$(dpkg-query --admindir="$machine/var/lib/dpkg" --show --showformat '${Version}' konto)" = 99.0.0 || return
    check "settings outlive an upgrade" grep -q 9090 "$conf" || return
    check "so do their rights" test "$(stat -c %a "$conf")" = 640 || return
    check "there is one user" test "$(grep -c '^konto:' "$machine/etc/passwd")" = 1 || return

    # The settings that it comes with are good ones: the program takes them.
    (
        set -a
        . "$conf"
        KONTO_DATABASE_URL="sqlite://$scratch/packaged.db?mode=rwc" "$machine/usr/bin/konto" migrate
    ) || { echo "package: the settings are taken"; return 1; }

    "${dpkg[@]}" --remove konto </dev/null || return
    check "the program is gone" test ! -e "$machine/usr/bin/konto" || return
    check "the settings stay until it is purged" test -e "$conf" || return
    "${dpkg[@]}" --purge konto </dev/null || return
    check "the settings are purged" test ! -e "$conf" || return
    check "the books are nobody's to delete but the operator's" test -s "$machine/var/lib/konto/konto.db" || return
}

group_of() { sed -n 's/^konto:[^:]*:\([0-9]*\):.*/\1/p' "$1/etc/group"; }
