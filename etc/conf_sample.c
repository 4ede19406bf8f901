/*
 * Prints the sample configuration while the package is built, so that it
 * shows the paths of this installation and never differs from conf.def.
 */
#include <stdio.h>

#include "conf/conf.h"

int
main(void)
{
	conf_sample(stdout);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
