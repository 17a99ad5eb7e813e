# The logs of some containers as one log in order of time, one line a line: NUMBER TIME TEXT. Here and not on the controller,
# because each log is a connection to Docker of its own, and sshd gives a login only a few sessions.
use strict;
my ($most, $follow, $tail, $since, $now, @names) = @ARGV;
$| = 1;

# The lines of others wait at most so long for a container that says nothing, in seconds.
my $grace = 0.2;

my $what = "stdout=1&stderr=1&timestamps=1";
merge("$what&tail=$tail&since=$since&until=$now");
merge("$what&follow=1&since=$now", $grace) if $follow;

sub ask {
    my ($number, $query) = @_;
    socket my $socket, 1, 1, 0;
    connect $socket, pack "Sa*x", 1, "/run/docker.sock" or do { print STDERR "cannot connect: $!"; exit 1 };
    # HTTP/1.0: the answer is not in chunks, and ends with the connection.
    syswrite $socket, "GET /containers/$names[$number]/logs?$query HTTP/1.0\r\n\r\n";
    return { number => $number, socket => $socket, heard => "", status => 0, parts => {} };
}

# Reads on. What is not a log is Docker's reason why there is none.
sub hear {
    my $it = shift;
    $it->{quiet} = 0;
    $it->{end} = !sysread $it->{socket}, $it->{heard}, 65536, length $it->{heard};
    $it->{status} = $1 if !$it->{status} && $it->{heard} =~ s{^HTTP/\S+ (\d+).*?\r\n\r\n}{}s;
    if ($it->{end} && $it->{status} != 200) {
        my $why = $it->{heard} =~ /"message":"(.*)"/ ? $1 : "no answer";
        print STDERR "$names[$it->{number}]: $why\n";
        $it->{heard} = "";
    }
}

# The next whole line of a container: its time, its text, and how long that was. Docker cuts what is long into parts, each in
# a frame of its own with a time of its own.
sub head {
    my $it = shift;
    return if $it->{status} != 200;
    while (length $it->{heard} >= 8) {
        my ($stream, $size) = unpack "Cx3N", $it->{heard};
        last if length $it->{heard} < 8 + $size;
        my $said = substr $it->{heard}, 8, $size;
        substr $it->{heard}, 0, 8 + $size, "";
        if ($stream == 3) { chomp $said; print STDERR "$names[$it->{number}]: $said\n"; next }
        my $whole = chomp $said;
        my ($time, $text) = split / /, $said, 2;
        my $line = $it->{parts}{$stream} //= [$time, "", 0];
        my $room = $most - length $line->[1];
        $line->[1] .= substr $text, 0, $room if $room > 0;
        $line->[2] += length $text;
        return delete $it->{parts}{$stream} if $whole;
    }
    my ($open) = $it->{end} ? sort keys %{$it->{parts}} : ();
    return $open && delete $it->{parts}{$open};
}

sub merge {
    my ($query, $grace) = @_;
    my ($said, @open) = ("", map { ask($_, $query) } 0 .. $#names);
    while (@open) {
        $_->{head} //= head($_) for @open;
        @open = grep { $_->{head} || !$_->{end} } @open;
        my @mute = grep { !$_->{head} } @open;
        my ($first) = sort { $a->{head}[0] cmp $b->{head}[0] } grep { $_->{head} } @open;
        if ($first && !grep { !$_->{quiet} } @mute) {
            my ($time, $text, $length) = @{delete $first->{head}};
            $text .= "... ($length bytes)" if $length > $most;
            $said .= "$first->{number} $time $text\n";
            if (length $said > 65536) { print $said; $said = "" }
            next;
        }
        print $said;
        $said = "";
        next if !@open;
        my $ready = "";
        vec($ready, $_, 1) = 1 for 0, map { fileno $_->{socket} } @mute;
        if (!select $ready, undef, undef, $first ? $grace : undef) { $_->{quiet} = 1 for @mute; next }
        # Nobody listens any more.
        exit if vec($ready, 0, 1) && !sysread STDIN, my $nothing, 512;
        hear($_) for grep { vec $ready, fileno $_->{socket}, 1 } @mute;
    }
    print $said;
}
