/* The library that main.c needs. */
const char *greeting(void)
{
	return "hello";
}
