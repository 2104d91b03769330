// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>The commands of userfaultfd (<c>linux/userfaultfd.h</c>).</summary>
internal enum UffdIoctl : ulong
{
    /// <summary>Of <c>/dev/userfaultfd</c>: make one; the argument is the flags.</summary>
    USERFAULTFD_IOC_NEW = 0xaa00,

    /// <summary>Shake hands: which features are used, and which there are.</summary>
    UFFDIO_API = 0xc018aa3f,

    /// <summary>Ask for the faults of a range.</summary>
    UFFDIO_REGISTER = 0xc020aa00,

    /// <summary>Ask for them no more.</summary>
    UFFDIO_UNREGISTER = 0x8010aa01,

    /// <summary>Let those who wait try again.</summary>
    UFFDIO_WAKE = 0x8010aa02,

    /// <summary>Put pages where there are none, with bytes of the caller.</summary>
    UFFDIO_COPY = 0xc028aa03,

    /// <summary>Put zeros where there are no pages.</summary>
    UFFDIO_ZEROPAGE = 0xc020aa04,

    /// <summary>Put pages of the same process there. Linux 6.8.</summary>
    UFFDIO_MOVE = 0xc028aa05,

    /// <summary>Protect pages from stores, or do not any more.</summary>
    UFFDIO_WRITEPROTECT = 0xc018aa06,

    /// <summary>Map what the page cache has.</summary>
    UFFDIO_CONTINUE = 0xc020aa07,

    /// <summary>Make touches a SIGBUS. Linux 6.6.</summary>
    UFFDIO_POISON = 0xc020aa08,
}
