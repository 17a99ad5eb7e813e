use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => 5432, Listen => 9, ReuseAddr => 1) or die;
while (my $client = $server->accept) { print $client "yes\n"; close $client }
