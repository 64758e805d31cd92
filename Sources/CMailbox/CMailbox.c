#include "CMailbox.h"
