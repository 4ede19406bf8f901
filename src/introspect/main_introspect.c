/* dynapi-introspect. */
#include "introspect/introspect.h"

int
main(int argc, char **argv)
{
	return introspect_main(argc, argv);
}
