// The headers are the test: this only makes a program of them.
int main() {}
