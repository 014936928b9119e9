// expect: this text appears in no message
int main() { return undeclared; }
