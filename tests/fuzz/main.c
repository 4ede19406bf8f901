/*
 * Stands in for libFuzzer where there is none: replays the files and folders
 * of files it is given, so that seeds and old findings are tried with any
 * compiler.  No argument is an error: a run over nothing would prove nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static size_t replayed;

static int
complain(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return -1;
}

static int
replay_file(const char *path, size_t bytes)
{
	FILE *f = fopen(path, "rb");
	uint8_t *text;
	size_t n;

	if (f == NULL)
		return complain(path);
	/* exactly as long as the file, so that a checker sees reading on */
	text = malloc(bytes == 0 ? 1 : bytes);
	if (text == NULL) {
		fclose(f);
		return complain(path);
	}
	n = fread(text, 1, bytes, f);
	fclose(f);
	LLVMFuzzerTestOneInput(text, n);
	replayed++;
	free(text);
	return 0;
}

static int replay(const char *path);

static int
replay_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[4096];
	int rc = 0;

	if (dir == NULL)
		return complain(path);
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		rc = replay(name);
	}
	closedir(dir);
	return rc;
}

static int
replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return complain(path);
	return S_ISDIR(st.st_mode) ? replay_folder(path)
				   : replay_file(path, (size_t)st.st_size);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]) != 0)
			return 1;
	if (replayed == 0) {
		fprintf(stderr, "usage: %s FILE-OR-FOLDER ...\n", argv[0]);
		return 2;
	}
	printf("%zu inputs replayed\n", replayed);
	return 0;
}
