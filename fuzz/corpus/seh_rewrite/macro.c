#define SAFE(x) __try { x; } __except (1) { }
void f() { SAFE(g()); try { leave; } finally { } }
