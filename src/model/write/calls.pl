# Calls stand one after the other, with a "+" between them.
while (@ARGV) {
    my ($what, @words) = shift;
    push @words, shift while @ARGV && $ARGV[0] ne "+";
    shift;
    ($do{$what} // failed("writer: $what"))->(@words);
}
settled();
