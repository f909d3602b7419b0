/**
 * Debian packages by the shared library that they have, as programs name it (`DT_NEEDED`). A release of Debian has one version of each: another soname is in another release.
 * Where a package was renamed, the later one provides the older name. Source: the package indexes of Debian 11, 12 and 13. Date: 2026-11.
 */
export const PACKAGE_OF_SONAME: Readonly<Record<string, string>> = {
  'libGL.so.1': 'libgl1', 'libGLU.so.1': 'libglu1-mesa', 'libEGL.so.1': 'libegl1', 'libGLESv2.so.2': 'libgles2', 'libGLX.so.0': 'libglx0', 'libOpenGL.so.0': 'libopengl0',
  'libOSMesa.so.8': 'libosmesa6', 'libGLdispatch.so.0': 'libglvnd0', 'libOpenCL.so.1': 'ocl-icd-libopencl1', 'libSDL2-2.0.so.0': 'libsdl2-2.0-0', 'libSM.so.6': 'libsm6', 'libICE.so.6': 'libice6',
  'libX11.so.6': 'libx11-6', 'libX11-xcb.so.1': 'libx11-xcb1', 'libXau.so.6': 'libxau6', 'libXcomposite.so.1': 'libxcomposite1', 'libXcursor.so.1': 'libxcursor1', 'libXdamage.so.1': 'libxdamage1',
  'libXext.so.6': 'libxext6', 'libXfixes.so.3': 'libxfixes3', 'libXft.so.2': 'libxft2', 'libXi.so.6': 'libxi6', 'libXinerama.so.1': 'libxinerama1', 'libXmu.so.6': 'libxmu6', 'libXrandr.so.2': 'libxrandr2',
  'libXrender.so.1': 'libxrender1', 'libXss.so.1': 'libxss1', 'libXt.so.6': 'libxt6', 'libXtst.so.6': 'libxtst6', 'libXv.so.1': 'libxv1', 'libXxf86vm.so.1': 'libxxf86vm1',
  'libasound.so.2': 'libasound2', 'libatk-1.0.so.0': 'libatk1.0-0', 'libatk-bridge-2.0.so.0': 'libatk-bridge2.0-0', 'libatomic.so.1': 'libatomic1', 'libatspi.so.0': 'libatspi2.0-0',
  'libblas.so.3': 'libblas3', 'libboost_filesystem.so.1.74.0': 'libboost-filesystem1.74.0', 'libbz2.so.1.0': 'libbz2-1.0', 'libcairo.so.2': 'libcairo2', 'libcups.so.2': 'libcups2', 'libcurl.so.4': 'libcurl4',
  'libdbus-1.so.3': 'libdbus-1-3', 'libdrm.so.2': 'libdrm2', 'libenchant-2.so.2': 'libenchant-2-2', 'libespeak.so.1': 'libespeak1', 'libespeak-ng.so.1': 'libespeak-ng1', 'libexpat.so.1': 'libexpat1',
  'libfftw3.so.3': 'libfftw3-double3', 'libfontconfig.so.1': 'libfontconfig1', 'libfreetype.so.6': 'libfreetype6', 'libgbm.so.1': 'libgbm1', 'libgcc_s.so.1': 'libgcc-s1', 'libgdk-3.so.0': 'libgtk-3-0',
  'libgdk_pixbuf-2.0.so.0': 'libgdk-pixbuf-2.0-0', 'libgeos_c.so.1': 'libgeos-c1v5', 'libgfortran.so.5': 'libgfortran5', 'libgio-2.0.so.0': 'libglib2.0-0', 'libgirepository-1.0.so.1': 'libgirepository-1.0-1',
  'libglib-2.0.so.0': 'libglib2.0-0', 'libglut.so.3': 'freeglut3-dev', 'libgmodule-2.0.so.0': 'libglib2.0-0', 'libgmp.so.10': 'libgmp10', 'libgnutls.so.30': 'libgnutls30', 'libgobject-2.0.so.0': 'libglib2.0-0',
  'libgomp.so.1': 'libgomp1', 'libgsl.so.27': 'libgsl27', 'libgssapi_krb5.so.2': 'libgssapi-krb5-2', 'libgstreamer-1.0.so.0': 'libgstreamer1.0-0', 'libgstapp-1.0.so.0': 'libgstreamer-plugins-base1.0-0', 'libgthread-2.0.so.0': 'libglib2.0-0',
  'libgtk-3.so.0': 'libgtk-3-0', 'libgtk-x11-2.0.so.0': 'libgtk2.0-0', 'libharfbuzz.so.0': 'libharfbuzz0b', 'libharfbuzz-subset.so.0': 'libharfbuzz-subset0', 'libhdf5.so.103': 'libhdf5-103', 'libibverbs.so.1': 'libibverbs1',
  'libjpeg.so.62': 'libjpeg62-turbo', 'libkrb5.so.3': 'libkrb5-3', 'liblapack.so.3': 'liblapack3', 'liblber-2.5.so.0': 'libldap-2.5-0', 'liblcms2.so.2': 'liblcms2-2', 'libldap-2.5.so.0': 'libldap-2.5-0', 'liblz4.so.1': 'liblz4-1',
  'liblzma.so.5': 'liblzma5', 'libmagic.so.1': 'libmagic1', 'libmariadb.so.3': 'libmariadb3', 'libmp3lame.so.0': 'libmp3lame0', 'libmpi.so.40': 'libopenmpi3', 'libnspr4.so': 'libnspr4', 'libnss3.so': 'libnss3', 'libnuma.so.1': 'libnuma1',
  'libodbc.so.2': 'unixodbc', 'libogg.so.0': 'libogg0', 'libopenblas.so.0': 'libopenblas0', 'libopenjp2.so.7': 'libopenjp2-7', 'libopus.so.0': 'libopus0', 'libpango-1.0.so.0': 'libpango-1.0-0', 'libpangocairo-1.0.so.0': 'libpangocairo-1.0-0',
  'libpangoft2-1.0.so.0': 'libpangoft2-1.0-0', 'libpng16.so.16': 'libpng16-16', 'libportaudio.so.2': 'libportaudio2', 'libpq.so.5': 'libpq5', 'libpulse.so.0': 'libpulse0', 'libquadmath.so.0': 'libquadmath0', 'librdkafka.so.1': 'librdkafka1',
  'libsamplerate.so.0': 'libsamplerate0', 'libsasl2.so.2': 'libsasl2-2', 'libsnappy.so.1': 'libsnappy1v5', 'libsndfile.so.1': 'libsndfile1', 'libsodium.so.23': 'libsodium23', 'libsox.so.3': 'libsox3', 'libspatialindex.so.6': 'libspatialindex6',
  'libsqlite3.so.0': 'libsqlite3-0', 'libssl.so.3': 'libssl3', 'libcrypto.so.3': 'libssl3', 'libssl.so.1.1': 'libssl1.1', 'libcrypto.so.1.1': 'libssl1.1', 'libstdc++.so.6': 'libstdc++6', 'libtcl8.6.so': 'libtcl8.6', 'libtk8.6.so': 'libtk8.6',
  'libtbb.so.12': 'libtbb12', 'libtesseract.so.5': 'libtesseract5', 'libtesseract.so.4': 'libtesseract4', 'liblept.so.5': 'liblept5', 'libtheora.so.0': 'libtheora0', 'libtiff.so.6': 'libtiff6', 'libtiff.so.5': 'libtiff5', 'libturbojpeg.so.0': 'libturbojpeg0',
  'libusb-1.0.so.0': 'libusb-1.0-0', 'libuuid.so.1': 'libuuid1', 'libva.so.2': 'libva2', 'libvips.so.42': 'libvips42', 'libvorbis.so.0': 'libvorbis0a', 'libvulkan.so.1': 'libvulkan1', 'libwayland-client.so.0': 'libwayland-client0',
  'libwebp.so.7': 'libwebp7', 'libxcb.so.1': 'libxcb1', 'libxcb-icccm.so.4': 'libxcb-icccm4', 'libxcb-image.so.0': 'libxcb-image0', 'libxcb-keysyms.so.1': 'libxcb-keysyms1', 'libxcb-randr.so.0': 'libxcb-randr0', 'libxcb-render.so.0': 'libxcb-render0',
  'libxcb-shape.so.0': 'libxcb-shape0', 'libxcb-shm.so.0': 'libxcb-shm0', 'libxcb-sync.so.1': 'libxcb-sync1', 'libxcb-xfixes.so.0': 'libxcb-xfixes0', 'libxcb-xinerama.so.0': 'libxcb-xinerama0', 'libxcb-xkb.so.1': 'libxcb-xkb1', 'libxcb-cursor.so.0': 'libxcb-cursor0',
  'libxkbcommon.so.0': 'libxkbcommon0', 'libxkbcommon-x11.so.0': 'libxkbcommon-x11-0', 'libxml2.so.2': 'libxml2', 'libxmlsec1.so.1': 'libxmlsec1', 'libxslt.so.1': 'libxslt1.1', 'libyaml-0.so.2': 'libyaml-0-2', 'libzbar.so.0': 'libzbar0', 'libzmq.so.5': 'libzmq5',
  'libzstd.so.1': 'libzstd1', 'libz.so.1': 'zlib1g', 'libffi.so.8': 'libffi8', 'libffi.so.7': 'libffi7', 'libreadline.so.8': 'libreadline8', 'libncurses.so.6': 'libncurses6', 'libncursesw.so.6': 'libncursesw6', 'libtinfo.so.6': 'libtinfo6', 'libnsl.so.1': 'libnsl2', 'libcrypt.so.1': 'libcrypt1',
}; // prettier-ignore

/** Libraries that every `python:X-slim` has. Source: the list of files of the official images and of our stand-ins. Date: 2026-11. */
export const IN_PYTHON_SLIM: ReadonlySet<string> = new Set([
  'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1', 'libBrokenLocale.so.1', 'libanl.so.1', 'libc.so.6', 'libdl.so.2', 'libm.so.6', 'libmvec.so.1', 'libnss_dns.so.2', 'libnss_files.so.2', 'libpthread.so.0', 'libresolv.so.2', 'librt.so.1', 'libthread_db.so.1', 'libutil.so.1',
  'libacl.so.1', 'libattr.so.1', 'libaudit.so.1', 'libblkid.so.1', 'libbz2.so.1.0', 'libcap.so.2', 'libcap-ng.so.0', 'libcom_err.so.2', 'libcrypt.so.1', 'libcrypto.so.3', 'libdb-5.3.so', 'libdebconfclient.so.0', 'libexpat.so.1', 'libffi.so.8', 'libformw.so.6', 'libgcc_s.so.1', 'libgdbm.so.6', 'libgmp.so.10',
  'liblz4.so.1', 'liblzma.so.5', 'libmd.so.0', 'libmount.so.1', 'libncursesw.so.6', 'libpam.so.0', 'libpanelw.so.6', 'libpcre2-8.so.0', 'libreadline.so.8', 'libselinux.so.1', 'libsemanage.so.2', 'libsepol.so.2', 'libsmartcols.so.1', 'libsqlite3.so.0', 'libss.so.2', 'libssl.so.3', 'libstdc++.so.6',
  'libsystemd.so.0', 'libtic.so.6', 'libtinfo.so.6', 'libudev.so.1', 'libuuid.so.1', 'libxxhash.so.0', 'libz.so.1', 'libzstd.so.1', 'libpython3.so', 'linux-vdso.so.1',
]); // prettier-ignore
