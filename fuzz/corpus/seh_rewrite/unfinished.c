__try { __try { __finally { #if A
 } __except (