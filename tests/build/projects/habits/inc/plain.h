#ifndef PLAIN_H
#define PLAIN_H

#ifdef __cplusplus
extern "C" {
#endif
ULONG PlainSum(const UCHAR* Bytes, ULONG Count);
BOOLEAN PlainWide(void);
#ifdef __cplusplus
}
#endif

#endif
