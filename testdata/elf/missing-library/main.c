/* Needs libgreet.so.1, which is looked for in lib/ beside the program, then where musl looks. */
#include <stdio.h>

const char *greeting(void);

int main(void)
{
	puts(greeting());
	return 0;
}
