// The KS GUIDs as objects, for the C files of a driver; C++ files carry theirs (see DEFINE_GUIDSTRUCT in
// ks.h).
#include <initguid.h>
#include <ksguid.h>
#include <ks.h>
#include <mmreg.h>
#include <ksmedia.h>
