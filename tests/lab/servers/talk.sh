# Messages between programs and people.

if begin mosquitto 1883; then
    printf 'listener %s %s\nallow_anonymous true\nsys_interval 1\n' "$port" "$address" >conf
    start plainly "$(command -v mosquitto)" -c "$PWD/conf"
fi

if begin nats; then
    start nats-server -a "$address" -p "$port"
fi

if begin ngircd 6667; then
    printf '[Global]\nName = irc.lab.test\nInfo = lab\nListen = %s\nPorts = %s\nMotdPhrase = lab\n[Options]\nIdent = no\nDNS = no\nPAM = no\n' \
        "$address" "$port" >conf
    start plainly "$(command -v ngircd)" -n -f "$PWD/conf"
fi

if begin inspircd; then
    cat >conf <<CONF
<server name="irc.lab.test" description="lab" network="lab">
<admin name="a" nick="a" email="a@lab.test">
<bind address="$address" port="$port" type="clients">
<connect allow="*" resolvehostnames="no">
<path configdir="$PWD" datadir="$PWD" logdir="$PWD" runtimedir="$PWD" moduledir="$root/usr/lib/inspircd/modules">
<pid file="$PWD/pid">
CONF
    start plainly "$(command -v inspircd)" --nofork --config "$PWD/conf"
fi

if begin ircd-hybrid; then
    cat >conf <<CONF
serverinfo { name = "irc.lab.test"; sid = "0AA"; description = "lab"; network_name = "lab"; max_clients = 50; };
admin { name = "a"; description = "a"; email = "a@lab.test"; };
class { name = "users"; ping_time = 90 seconds; number_per_ip_local = 20; number_per_ip_global = 20; max_number = 50; sendq = 100 kbytes; };
auth { user = "*@*"; class = "users"; };
listen { host = "$address"; port = $port; };
general { disable_auth = yes; };
CONF
    : >motd
    start installed setpriv --reuid=65534 --clear-groups ircd-hybrid -foreground -configfile "$PWD/conf" -logfile "$PWD/log" -pidfile "$PWD/pid"
fi

if begin prosody 5222; then
    cat >conf.lua <<CONF
pidfile = "$PWD/pid"; data_path = "$PWD"; interfaces = { "$address" }; c2s_ports = { $port }; s2s_ports = {}
plugin_paths = {}; run_as_root = true; daemonize = false; allow_unencrypted_plain_auth = true; c2s_require_encryption = false
modules_enabled = { "saslauth"; "tls"; "disco" }; modules_disabled = { "s2s" }
log = { { levels = { min = "info" }, to = "console" } }
ssl = { certificate = "$work/cert.pem"; key = "$work/key.pem" }
VirtualHost "localhost"
CONF
    start installed prosody --config "$PWD/conf.lua" -F
fi

if begin znc; then
    mkdir -m 777 configs
    printf 'Version = 1.8.2\nLoadModule = webadmin\n<Listener l>\n Host = %s\n Port = %s\n IPv4 = true\n IPv6 = false\n SSL = false\n</Listener>\n<User a>\n Admin = true\n LoadModule = chansaver\n Pass = plain#a\n</User>\n' \
        "$address" "$port" >configs/znc.conf
    chmod 666 configs/znc.conf
    start installed setpriv --reuid=65534 --clear-groups znc -f -d "$PWD"
fi

if begin mumble 64738; then
    printf 'host=%s\nport=%s\ndatabase=%s/db\nlogfile=\nsslCert=%s\nsslKey=%s\nbonjour=false\nice=\nautobanAttempts=0\n' \
        "$address" "$port" "$PWD" "$work/cert.pem" "$work/key.pem" >conf
    protocols="tcp udp" start installed murmurd -fg -ini "$PWD/conf"
fi

if begin kamailio 5060; then
    cat >conf <<CONF
fork=no
listen=udp:$address:$port
listen=tcp:$address:$port
loadmodule "$libraries/kamailio/modules/sl.so"
request_route { sl_reply("200", "OK"); }
CONF
    protocols="tcp udp" start kamailio -DD -E -m 16 -M 4 -f "$PWD/conf" -Y "$PWD" -P "$PWD/pid"
fi

if begin bitlbee; then
    start bitlbee -F -n -i "$address" -p "$port" -d "$PWD" -u nobody -c /dev/null
fi
