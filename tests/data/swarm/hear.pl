# Prints who reaches this host, by what protocol and at which port; raw sockets see what the firewall lets in.
use Socket qw(:all);
$| = 1;
my @ears;
for my $family (AF_INET, AF_INET6) {
    for my $protocol (6, 17, 50) {
        socket my $ear, $family, SOCK_RAW, $protocol or die $!;
        push @ears, [$ear, $family, $protocol];
    }
}
print "ready\n";
while (1) {
    my $in = "";
    vec($in, fileno $$_[0], 1) = 1 for @ears;
    select $in, undef, undef, undef;
    for (grep { vec $in, fileno $$_[0], 1 } @ears) {
        my ($ear, $family, $protocol) = @$_;
        my $from = recv $ear, my $packet, 65535, 0;
        my ($error, $who) = getnameinfo $from, NI_NUMERICHOST, NIx_NOSERV;
        $packet = substr $packet, 4 * (15 & ord $packet) if $family == AF_INET;
        my $port = $protocol == 50 ? "" : "/" . unpack "x2n", $packet;
        print "$who $protocol$port\n";
    }
}
