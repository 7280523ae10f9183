/*
 * The /bin/sh of testdata/rootfs/musl: just enough to run a script of plain
 * commands, one a line, or `sh -c 'command'`. Words end at blanks; there are
 * no quotes, variables or redirections, and no search in PATH.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(char *line)
{
	char *words[64];
	int count = 0, status;
	for (char *word = strtok(line, " \t\n"); word && count < 63; word = strtok(0, " \t\n"))
		words[count++] = word;
	words[count] = 0;
	if (count == 0 || words[0][0] == '#')
		return 0;
	pid_t child = fork();
	if (child == 0) {
		execv(words[0], words);
		dprintf(2, "sh: %s: %s\n", words[0], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	static char line[4096];
	int status = 0;
	if (argc > 2 && strcmp(argv[1], "-c") == 0)
		return run(argv[2]);
	FILE *input = argc > 1 ? fopen(argv[1], "r") : stdin;
	if (!input) {
		dprintf(2, "sh: %s: %s\n", argv[1], strerror(errno));
		return 127;
	}
	while (fgets(line, sizeof line, input))
		status = run(line);
	return status;
}
