int NotAnEntry(int value) {
    return value;
}
