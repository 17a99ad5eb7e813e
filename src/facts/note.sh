[ -d "$notes" ] || exit 44
perl -e 'my $at = shift; opendir my $folder, $at or die "$at: $!\n";
for my $name (sort readdir $folder) {
my $path = "$at/$name"; next if $name =~ /\n/ || ! -f $path || -s _ > $LARGEST;
my ($mode, $uid, $gid) = (stat _)[2, 4, 5]; open my $file, "<", $path or die "$path: $!\n";
read $file, my $text, $LARGEST; printf "%o %d %d %s\n", $mode & 07777, $uid, $gid, $name;
$ENCODED }' -- "$notes"
