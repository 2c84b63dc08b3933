# Files, code and directories.

if begin vsftpd 21; then
    mkdir empty
    printf 'listen=YES\nbackground=NO\nlisten_address=%s\nlisten_port=%s\nanonymous_enable=YES\nftp_username=nobody\nsecure_chroot_dir=%s/empty\nrun_as_launching_user=YES\nseccomp_sandbox=NO\nssl_enable=YES\nforce_local_logins_ssl=NO\nforce_local_data_ssl=NO\nrsa_cert_file=%s\nrsa_private_key_file=%s\n' \
        "$address" "$port" "$PWD" "$work/cert.pem" "$work/key.pem" >conf
    start vsftpd "$PWD/conf"
fi

if begin proftpd; then
    mkdir -m 755 own
    cat >conf <<CONF
ServerName lab
ServerType standalone
DefaultAddress $address
SocketBindTight on
Port $port
PidFile $PWD/pid
ScoreboardFile $PWD/own/score
DelayTable none
UseReverseDNS off
User nobody
Group nogroup
CONF
    start proftpd -n -q -c "$PWD/conf"
fi

if begin pure-ftpd; then
    start pure-ftpd -S "$address,$port" -E -g "$PWD/pid"
fi

if begin rsync 873; then
    printf '[m]\npath = %s\nuse chroot = no\n' "$PWD" >conf
    start rsync --daemon --no-detach --config=conf --address="$address" --port="$port"
fi

if begin slapd 389; then
    cat >conf <<CONF
include $root/etc/ldap/schema/core.schema
pidfile $PWD/pid
modulepath $root/usr/lib/ldap
TLSCertificateFile $work/cert.pem
TLSCertificateKeyFile $work/key.pem
database ldif
directory $PWD
suffix dc=lab
CONF
    start slapd -f conf -h "ldap://$address:$port" -d 0
fi

if begin samba 445; then
    mkdir -m 755 private lock state cache pid rpc
    cat >conf <<CONF
[global]
interfaces = $address/8
bind interfaces only = yes
smb ports = $port
private dir = $PWD/private
lock directory = $PWD/lock
state directory = $PWD/state
cache directory = $PWD/cache
pid directory = $PWD/pid
ncalrpc dir = $PWD/rpc
log file = $PWD/smbd.log
security = user
map to guest = Bad User
guest account = nobody
disable spoolss = yes
CONF
    start smbd -F --no-process-group -s "$PWD/conf" --debug-stdout
fi

if begin subversion 3690; then
    start svnserve -d --foreground -r "$PWD" --listen-host "$address" --listen-port "$port"
fi

if begin git 9418; then
    start git daemon --listen="$address" --port="$port" --base-path="$PWD" --export-all
fi

if begin nbd 10809; then
    truncate -s 1M disk
    printf '[generic]\nlistenaddr = %s\nport = %s\n[disk]\nexportname = %s/disk\n' "$address" "$port" "$PWD" >conf
    start nbd-server -d -C "$PWD/conf"
fi

if begin distcc 3632; then
    start plainly "$(command -v distccd)" --no-detach --daemon --listen "$address" --port "$port" --allow 127.0.0.0/8 \
        --log-stderr --enable-tcp-insecure
fi

if begin mpd 6600; then
    printf 'bind_to_address "%s"\nport "%s"\nmusic_directory "%s"\ndb_file "%s/db"\naudio_output {\n type "null"\n name "n"\n}\n' \
        "$address" "$port" "$PWD" "$PWD" >conf
    start plainly "$(command -v mpd)" --no-daemon "$PWD/conf"
fi
