int Other(void) {
    return 0;
}
