# What a root script does to the files of a host: put, copy, remove, folder, unfold; what others had there: keep, back; and the
# list of what is ours there: note, wrote, made. See mod.rs. What it is to do stands behind it.
use strict; use Fcntl; require XSLoader; XSLoader::load("IO"); umask 022;
my ($folder, $path, $name, $safe, $temp, $noted, %touched);
my $FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
my ($KEPT, $LIST) = ("/var/lib/pryvctl", "/var/lib/pryvctl/written");
my $REPLACED = "/var/lib/pryvctl/replaced";

# What was begun goes, however this ends.
sub failed { die "@_\n" if $^S; print STDERR "@_\n"; exit 1 }
$SIG{$_} = sub { exit 1 } for qw(HUP INT PIPE TERM);
END { my $code = $?; unlink $temp if defined $temp; IO::Handle::sync($_) for values %touched; $? = $code }

# EINVAL: a file system that knows no such thing.
sub kept { IO::Handle::sync($_[0]) or $! == 22 or failed("$path: $!") }

# The folder is another one than before. It is waited for at the end, and once, however often that is so.
sub touched { $touched{join ".", (stat $_[0])[0, 1]} = $_[0] }

sub settled { kept($_) for values %touched; %touched = () }

# Whether nobody but root writes in a folder.
sub is_roots { my ($mode, $uid) = (stat $_[0])[2, 4]; $uid == 0 && !($mode & 022) }

# Goes to the folder of a path, from folder to folder, so that nothing can be pushed in between. A link is followed where
# nobody but root can have put it. Makes folders that are missing, if so asked; says whether there is one.
sub enter {
    ($path, my $make, my $last) = @_;
    my @rest = grep { length } split m{/}, $path;
    my $turns = 0;
    my $top = sub { sysopen $folder, "/", $FOLDER and chdir $folder or failed("/: $!"); $safe = is_roots($folder) };
    $top->();
    while (@rest) {
        $name = shift @rest;
        my $link = readlink $name;
        if (defined $link && (@rest || $last)) {
            $safe or failed("$path: $name is a link in a folder where others than root may write");
            $turns++ < 40 or failed("$path: too many links");
            $top->() if $link =~ m{^/};
            unshift @rest, grep { length } split m{/}, $link;
            next;
        }
        return 1 unless @rest;
        my $next;
        until (sysopen $next, $name, $FOLDER) {
            return 0 if $! == 2 && !$make;
            $! == 2 or failed("$path: $name: $!");
            mkdir $name, 0755 or $! == 17 or failed("$path: $name: $!");
            touched($folder);
        }
        chdir $next or failed("$path: $name: $!");
        $folder = $next;
        $safe &&= is_roots($folder);
    }
    failed("$path: is no file");
}

sub hash {
    my ($handle) = @_;
    sysseek $handle, 0, 0;
    my $pid = open(my $said, "-|") // failed("sha256sum: $!");
    if (!$pid) { undef $temp; open STDIN, "<&", $handle; exec "sha256sum"; exit 1 }
    my $line = <$said> // "";
    $line =~ /^([0-9a-f]{64}) / or failed("$path: sha256sum does not answer");
    return $1;
}

# Opens what is there; nothing, if there is nothing.
sub there {
    my $handle;
    unless (sysopen $handle, $name, O_RDONLY | O_NONBLOCK | ($safe ? 0 : O_NOFOLLOW)) { return if $! == 2; failed("$path: $!") }
    -f $handle or failed("$path: is not a file");
    return $handle;
}

# Ends the script if there is something else than was seen.
sub compare {
    my ($seen, $new) = @_;
    return if $seen eq "any";
    my $handle = there();
    my $now = $handle ? hash($handle) : "absent";
    return if $now eq $seen || defined $new && $now eq hash($new);
    print STDERR "$path: changed since it was looked at\n"; exit 76;
}

sub from_stdin {
    my ($length, $text) = (@_, "");
    while (length $text < $length) {
        sysread STDIN, $text, $length - length $text, length $text or failed("$path: what it is to hold was cut short");
    }
    return $text;
}

sub all { my ($handle, $text) = @_; my $at = 0;
    while ($at < length $text) { $at += syswrite($handle, $text, length($text) - $at, $at) // return 0 } 1 }

sub slurp { my ($handle, $text) = (@_, ""); sysseek $handle, 0, 0; 1 while sysread $handle, $text, 65536, length $text; $text }

# In a container a file may be a mount, which cannot be replaced.
sub in_place {
    my ($text, $mode, $uid, $gid) = @_;
    $safe && sysopen my $there, $name, O_RDWR | O_NOFOLLOW or failed("$path: $!");
    my $old = slurp($there);
    my $put = sub { sysseek $there, 0, 0; all($there, $_[0]) && truncate $there, length $_[0] };
    unless ($put->($text)) { my $why = $!; $put->($old); failed("$path: $why") }
    chown $uid, $gid, $there or failed("$path: $!"); chmod $mode, $there or failed("$path: $!");
    kept($there);
}

sub put {
    my ($text, $seen, $mode, $uid, $gid, $check, $times) = @_;
    my ($new, @now);
    unless ($mode ne "-") {
        my $handle = there() // failed("$path: is not there any more");
        ($mode, $uid, $gid) = (stat $handle)[2, 4, 5];
        $mode = sprintf "%o", $mode & 07777;
    }
    open my $chance, "<", "/dev/urandom" or failed("/dev/urandom: $!");
    do {
        sysread $chance, my $bytes, 8;
        $temp = ".pryvctl-new." . unpack "H*", $bytes;
    } until sysopen $new, $temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600 or $! != 17 && (undef $temp, failed("$path: $!"));
    all($new, $text) or failed("$path: $!");
    compare($seen, $new) if length $check || $seen ne "any";
    if (length $check) {
        $ENV{new} = readlink("/proc/self/cwd") . "/$temp";
        open STDIN, "<", "/dev/null";
        my $code = system "sh", "-c", $check;
        exit($code >> 8 || 1) if $code;
        compare($seen, $new);
    }
    chown $uid, $gid, $new or failed("$path: $!"); chmod oct $mode, $new or failed("$path: $!");
    utime @$times, $new if $times;
    kept($new);
    if (rename $temp, $name) {
        undef $temp;
        my ($ours, $theirs) = (join(".", (stat $new)[0, 1]), join ".", (lstat $name)[0, 1]);
        $ours eq $theirs or failed("$path: somebody else put something in its place");
    } elsif ($! == 16) { in_place($text, oct $mode, $uid, $gid) } else { failed("$path: $!") }
    touched($folder);
}

# The hash of a text, which may be a secret: it goes through a pipe.
sub hash_of {
    my ($text) = @_;
    my $pid = open(my $said, "-|") // failed("$path: $!");
    if (!$pid) { undef $temp; %touched = (); all(\*STDOUT, $text); exit 0 }
    return hash($said);
}

# The list of what is ours: "file HASH PATH" and "folder PATH". A file that was being changed has two lines.
sub list { my $handle = enter($LIST, 0, 1) && there(); return $handle ? slurp($handle) : undef }

sub lines { return $_[0] =~ /[^\n]*\n|[^\n]+\z/g }

# Takes lines out of the list and puts others in. What was done before is on the disk before that, and the list after it.
sub note {
    my ($goes, @come) = @_;
    my $at = $path;
    my $old = list() // "";
    my %come = map { $_ => 1 } @come;
    my %there = map { $_ => 1 } my @lines = map { s/\n?\z/\n/r } lines($old);
    my $new = join "", (grep { $come{$_} || !$goes->($_) } @lines), grep { !$there{$_} } @come;
    if ($new ne $old) {
        settled();
        enter($LIST, 1, 1);
        if (length $new) { put($new, "any", "600", 0, 0, "") }
        else {
            unlink $name or failed("$LIST: $!"); touched($folder);
            enter($KEPT, 0, 0) && rmdir $name && touched($folder);
        }
        settled();
    }
    $path = $at;
}

# Folders on the way to a path that will have to be made.
sub missing {
    my @way = grep { length } split m{/}, $_[0];
    return map { "folder $_\n" } grep { !-e $_ } map { "/" . join "/", @way[0 .. $_] } 0 .. $#way - 1;
}

# Notes a file that is about to be written, beside what is there until then.
sub note_file {
    my ($to, $hash) = @_;
    my $handle = enter($to, 0, 1) && there();
    my $now = $handle ? hash($handle) : "";
    note(sub { $_[0] =~ /^file (\w+) (.*)/ && $2 eq $to && $1 ne $now }, missing($to), "file $hash $to\n");
}

my %do; %do = (
    # put PATH SEEN LENGTH MODE UID GID CHECK: what comes through stdin; behind what was seen, where that is "stdin".
    put => sub {
        my ($to, $seen, $length, $mode, $uid, $gid, $check) = @_;
        $path = $to;
        ($seen) = from_stdin(65) =~ /^(\w+) *\n/ if $seen eq "stdin";
        my $text = from_stdin($length);
        note_file($to, hash_of($text)) if $noted;
        enter($to, 1, 1);
        put($text, $seen, $mode, $uid, $gid, $check // "");
    },
    # copy FROM PATH SEEN MODE UID GID: a file with its times; and its rights, where the mode is "=".
    copy => sub {
        my ($from, $to, $seen, $mode, $uid, $gid) = @_;
        $path = $to;
        ($seen) = from_stdin(65) =~ /^(\w+) *\n/ if $seen eq "stdin";
        my $handle = (enter($from, 0, 1) ? there() : undef) // failed("$from: is not there");
        my @of = stat $handle;
        $safe || $of[3] == 1 or failed("$from: has other names, in a folder where others than root may write");
        ($mode, $uid, $gid) = (sprintf("%o", $of[2] & 07777), @of[4, 5]) if $mode eq "=";
        my $text = slurp($handle);
        note_file($to, hash($handle)) if $noted;
        enter($to, 1, 1);
        put($text, $seen, $mode, $uid, $gid, "", [@of[8, 9]]);
    },
    # remove PATH SEEN
    remove => sub {
        my ($at, $seen) = @_;
        $path = $at;
        ($seen) = from_stdin(65) =~ /^(\w+) *\n/ if $seen eq "stdin";
        if (enter($at, 0, 0) && lstat $name) {
            compare($seen);
            unlink $name or failed("$path: $!");
            touched($folder);
        }
        note(sub { $_[0] =~ /^file \w+ (.*)/ && $1 eq $at }) if $noted;
    },
    # keep PATH SEEN: what others have where we are about to write is kept with its rights, unless something was kept before.
    keep => sub {
        my ($at, $seen) = @_;
        $path = $at;
        ($seen) = from_stdin(65) =~ /^(\w+) *\n/ if $seen eq "stdin";
        enter($at, 0, 1) or failed("$at: is not there any more");
        compare($seen);
        return if enter("$REPLACED$at", 0, 0) && lstat $name;
        $do{folder}->($REPLACED, "700", 0, 0);
        $do{copy}->($at, "$REPLACED$at", "absent", "=");
        settled();
    },
    # back PATH SEEN: what was kept goes back to its place, which leaves the list, and only then it is kept no more.
    back => sub {
        my ($at, $seen) = @_;
        my $from = "$REPLACED$at";
        $do{copy}->($from, $at, $seen, "=");
        settled();
        note(sub { $_[0] =~ /^file \w+ (.*)/ && $1 eq $at });
        $do{remove}->($from, "any");
        while ($from =~ s{/[^/]+\z}{} && $from =~ m{^\Q$KEPT\E(/|\z)}) {
            enter($from, 0, 0) && rmdir $name or last;
            touched($folder);
        }
    },
    # folder PATH MODE UID GID
    folder => sub {
        my ($at, $mode, $uid, $gid) = @_;
        note(sub { 0 }, missing("$at/.")) if $noted;
        enter($at, 1, 1);
        mkdir $name, 0700 or $! == 17 or failed("$path: $!");
        sysopen my $made, $name, $FOLDER or failed("$path: $!");
        chown $uid, $gid, $made or failed("$path: $!"); chmod oct $mode, $made or failed("$path: $!");
        kept($made); touched($folder);
    },
    # unfold PATH: a folder goes, if nothing is in it.
    unfold => sub {
        my ($at) = @_;
        if (enter($at, 0, 0) && lstat $name) {
            rmdir $name or $! == 39 ? return : failed("$path: $!");
            touched($folder);
        }
        note(sub { $_[0] eq "folder $at\n" }) if $noted;
    },
    # note CALL: a call that the list tells of: of what comes before it is there, and of what goes until it is gone.
    note => sub { $noted = 1; my $what = shift; $do{$what}->(@_); $noted = 0 },
    # wrote PATH...: files of ours that no list tells of yet; their hashes come through stdin.
    wrote => sub { note(sub { 0 }, map { my ($hash) = from_stdin(65) =~ /^(\w+) *\n/; "file $hash $_\n" } @_) },
    # made PATH: the same of a folder.
    made => sub { note(sub { 0 }, "folder $_[0]\n") },
);
