# DYNAPI_FLAGS(VARIABLE, FLAGS, [LINK])
# Appends to VARIABLE those FLAGS that this compiler understands (with LINK:
# that it can also link with).
AC_DEFUN([DYNAPI_FLAGS], [
for dynapi_flag in $2; do
	AC_MSG_CHECKING([whether $CC takes $dynapi_flag])
	dynapi_saved=$CFLAGS
	CFLAGS="$CFLAGS -Werror $dynapi_flag"
	m4_if([$3], [LINK], [AC_LINK_IFELSE], [AC_COMPILE_IFELSE])([AC_LANG_PROGRAM()],
	    [AC_MSG_RESULT([yes]); $1="$$1 $dynapi_flag"],
	    [AC_MSG_RESULT([no])])
	CFLAGS=$dynapi_saved
done
])

# DYNAPI_FCGI
# libfcgi brings no .pc file, and versions before 2.4.2-2+deb12u1 let a web
# server's malformed parameter overflow the heap (CVE-2025-23016).
AC_DEFUN([DYNAPI_FCGI], [
AC_CHECK_HEADER([fcgiapp.h], [],
    [AC_MSG_ERROR([fcgiapp.h not found: install libfcgi-dev])])
dynapi_saved=$LIBS
AC_SEARCH_LIBS([FCGX_Accept_r], [fcgi], [],
    [AC_MSG_ERROR([libfcgi not found: install libfcgi-dev])])
FCGI_LIBS=`echo "$LIBS" | sed "s|$dynapi_saved\$||"`
LIBS=$dynapi_saved
AC_SUBST([FCGI_LIBS])
AC_MSG_CHECKING([whether libfcgi has the fix for CVE-2025-23016])
dynapi_fcgi=
if command -v dpkg-query >/dev/null 2>&1; then
	dynapi_fcgi=`dpkg-query -W -f '${Version}\n' libfcgi0ldbl libfcgi0t64 2>/dev/null | head -n 1`
fi
if test -z "$dynapi_fcgi"; then
	AC_MSG_RESULT([unknown])
	AC_MSG_WARN([make sure that libfcgi is 2.4.5, or patched for CVE-2025-23016])
elif dpkg --compare-versions "$dynapi_fcgi" ge 2.4.2-2+deb12u1; then
	AC_MSG_RESULT([yes, $dynapi_fcgi])
else
	AC_MSG_RESULT([no, $dynapi_fcgi])
	AC_MSG_ERROR([libfcgi $dynapi_fcgi is older than 2.4.2-2+deb12u1: upgrade it])
fi
])
