int CalledAcrossFiles(int value) {
    return value + 2;
}
