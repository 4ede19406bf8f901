/* dynapi-notifyd: all of it is in daemon.c. */
#include "notify/notify.h"

int
main(int argc, char **argv)
{
	return notify_main(argc, argv);
}
