# What the list of what is ours says, and how that is. It stands between the writer and its calls, in a survey.

# A host of an older pryvctl has no list; what the last change wanted stands in the record of the release before it.
sub before {
    my $handle = enter("$KEPT/release/record.json", 0, 1) && there() or return "";
    my ($wanted) = slurp($handle) =~ /"wanted":\{([^{}]*)\}/ or return "";
    my $lines = "";
    $lines .= "file $2 $1\n" while $wanted =~ m{"(/[^"\\]*)":"([0-9a-f]{64})"}g;
    return $lines;
}

# What is at a path, or why that cannot be said; no link of others is followed.
sub look {
    my ($at, $say) = @_;
    my $said = eval { enter($at, 0, 0) && lstat $name ? $say->() : "none" };
    return $said if defined $said;
    (my $why = $@) =~ s/^\Q$at\E: |\n//g;
    return "no $why";
}

# Goes into a folder, and gives what is in it.
sub within {
    my ($at) = @_;
    enter("$at/.", 0, 0) && opendir my $there, "." or return;
    return grep { !/^\.\.?\z/ } readdir $there;
}

# How a file is.
sub file_at {
    my ($file) = @_;
    return look($file, sub {
        -l _ and failed("$file: is a link");
        my $handle = -f _ && there() || failed("$file: is not a file");
        my @of = stat $handle;
        sprintf "is %o %d %d %s", $of[2] & 07777, @of[4, 5], hash($handle);
    });
}

# The folders below one, and the files in them.
sub below {
    my ($at) = @_;
    my (@folders, @files) = $at;
    for my $next (map { "$at/$_" } sort(within($at))) {
        enter($next, 0, 0) && lstat $name or next;
        if (-d _) { my ($folders, $files) = below($next); push @folders, @$folders; push @files, @$files }
        elsif ($name !~ /^\.pryvctl-new\./) { push @files, $next }
    }
    return \@folders, \@files;
}

# listed PATH...: the list, and how what is on it is; of the paths that are given that is known already. What is kept of
# others, and how that is by now in whose place it was. And what is half written beside any of them. It only looks.
$do{listed} = sub {
    my %known = map { $_ => 1 } @_;
    my $list = list();
    print defined $list ? "list\n" : "none\n";
    my ($at, %files, %folders) = 0;
    print "damaged it is empty\n" if defined $list && $list eq "";
    for (lines($list // before())) {
        $at++;
        if (!m{/\.\.?[/\n]} && m{^(?:file ([0-9a-f]{64})|folder) (/[^\0-\x1f]+)\n\z}) {
            if (defined $1) { push @{$files{$2}}, $1 } else { $folders{$2} = 1 }
            next;
        }
        print "damaged line $at is not understood\n";
        %files = %folders = ();
        last;
    }
    for my $file (sort keys %files) {
        print "file $file\n@{$files{$file}}\n";
        print $known{$file} ? "known" : file_at($file), "\n";
    }
    my ($kept_in, $kept) = below($REPLACED);
    for my $copy (@$kept) {
        my $file = substr $copy, length $REPLACED;
        print "kept $file\n", file_at($copy), "\n", $known{$file} ? "known" : file_at($file), "\n";
    }
    open my $mounts, "<", "/proc/self/mounts" or failed("/proc/self/mounts: $!");
    my %mounted = map { ((split)[1] => 1) } <$mounts>;
    for my $made (sort keys %folders) {
        print "folder $made\n", look($made, sub {
            -d _ or failed("$made: is not a folder");
            my @of = lstat _;
            failed("$made: something is mounted there") if $mounted{$made};
            sprintf "is %o %d %d %d", $of[2] & 07777, @of[4, 5], scalar(() = within($made));
        }), "\n";
    }
    my %beside = map { m{^(.*)/} ? ($1 => 1) : () } $LIST, @_, keys %files, map { "$_/" } @$kept_in;
    for my $beside (sort keys %beside) {
        my @half = eval { grep { /^\.pryvctl-new\.[0-9a-f]{16}\z/ && lstat && -f _ } within($beside) };
        print "half $beside/$_\n" for sort @half;
    }
};
