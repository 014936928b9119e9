# Turns the comments of a header into what Doxygen reads: the first line is the file's, a comment above a declaration is
# the declaration's, one behind it too. <, > and # are text there, not tags, and an indented line stays a line.
1s,^// ,/// \\file\
/// ,
s,^\( *\)//\( .*\)\?$,\1///\2,
/^ *\/\/\//s,[<>#],\\&,g
s,^\( *///  \) *,\1\\n ,
s,\([^ /].*[;\,{}]\)  *// ,\1  ///< ,
