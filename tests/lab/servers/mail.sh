# Mail.

if begin exim 25; then
    cat >conf <<CONF
exim_path = /usr/sbin/exim4
spool_directory = $PWD/spool
log_file_path = $PWD/%s.log
pid_file_path = $PWD/pid
primary_hostname = lab.test
daemon_smtp_ports = $port
local_interfaces = $address
tls_certificate = $work/cert.pem
tls_privatekey = $work/key.pem
tls_advertise_hosts = *
exim_user = 65534
exim_group = 65534
never_users =
CONF
    start installed /usr/sbin/exim4 -bdf -q1h -C "$PWD/conf"
fi

if begin opensmtpd; then
    printf 'listen on %s port %s\naction a relay\nmatch for any action a\n' "$address" "$port" >conf
    chmod 644 conf
    # shellcheck disable=SC2016 # it is the inner shell's
    start installed sh -c 'mkdir -m 711 /var/spool/smtpd /run/opensmtpd; mkdir -p /var/lib/opensmtpd/empty; exec smtpd -d -f "$0"' "$PWD/conf"
fi

door() {
    printf '  inet_listener %s {\n    port = %s\n  }\n' "$1" "$2"
}
# dovecot PROTOCOL PORT [SERVICE]: a door in plain, and one on PORT where TLS is spoken at once, if there is such.
dovecot() {
    cat >conf <<CONF
base_dir = $PWD/run
state_dir = $PWD/state
log_path = $PWD/log
protocols = $1
listen = $address
ssl = yes
ssl_cert = <$work/cert.pem
ssl_key = <$work/key.pem
default_internal_user = nobody
default_login_user = nobody
default_internal_group = nogroup
mail_location = maildir:$PWD/mail
login_trusted_networks =
service ${3:-$1-login} {
  chroot =
$(door "$1" "$port")
${2:+$(door "$1s" "$2")}
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
passdb {
  driver = static
  args = password=x
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=$PWD
}
CONF
    start installed /usr/sbin/dovecot -F -c "$PWD/conf"
}

if begin dovecot-imap 143; then
    dovecot imap 20993
    expect dovecot-imaps 20993
fi

if begin dovecot-pop3 110; then
    dovecot pop3 20995
    expect dovecot-pop3s 20995
fi

if begin managesieve 4190; then
    dovecot sieve '' managesieve-login
fi

if begin spamd 783; then
    mkdir -m 777 home
    start installed spamd -i "$address:$port" --allowed-ips=127.0.0.0/8 -x -m 1 -L -H "$PWD/home" -u nobody --syslog=stderr
fi
