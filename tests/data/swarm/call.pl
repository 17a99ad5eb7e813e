# Sends to a host what the hosts of a Swarm send to each other, and at last to a port that is open to everyone.
use Socket qw(:all);
my ($error, $host) = getaddrinfo $ARGV[0], 0, { flags => AI_NUMERICHOST };
my ($family, @open) = $$host{family};
sub to { $family == AF_INET ? pack_sockaddr_in $_[0], (unpack_sockaddr_in $$host{addr})[1]
       : pack_sockaddr_in6 $_[0], (unpack_sockaddr_in6 $$host{addr})[1] }
sub through { socket my $way, $family, $_[0], $_[1] or die $!; push @open, $way; $way }
for (4789, 7946) { send through(SOCK_DGRAM, 0), "trial", 0, to $_ or die $! }
send through(SOCK_RAW, 50), "trial, as encrypted", 0, to 0 or die $!;
for (2377, 7946, 8080) { connect through(SOCK_STREAM | SOCK_NONBLOCK, 0), to $_ }
