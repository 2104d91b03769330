// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>What an area of a process's memory is (the kernel's <c>VM_*</c>).</summary>
[Flags]
public enum VmFlags : ulong
{
    /// <summary>Nothing may be done with it (<c>PROT_NONE</c>).</summary>
    None = 0,

    /// <summary>May be read (<c>rd</c>).</summary>
    Read = 1,

    /// <summary>May be written (<c>wr</c>).</summary>
    Write = 2,

    /// <summary>May be executed (<c>ex</c>).</summary>
    Execute = 4,

    /// <summary>Writes are seen by everybody who maps the file (<c>sh</c>).</summary>
    Shared = 8,

    /// <summary>May be made readable (<c>mr</c>).</summary>
    MayRead = 0x10,

    /// <summary>May be made writable (<c>mw</c>).</summary>
    MayWrite = 0x20,

    /// <summary>May be made executable (<c>me</c>).</summary>
    MayExecute = 0x40,

    /// <summary>May be shared (<c>ms</c>).</summary>
    MayShare = 0x80,

    /// <summary>User space serves the first touch of its pages (<c>um</c>).</summary>
    UserFaultMissing = 0x200,

    /// <summary>Maps memory without page descriptors (<c>pf</c>).</summary>
    PfnMap = 0x400,

    /// <summary>Guards were installed somewhere in it (<c>gu</c>). Sticky: neighbours merge whether they have it or not, and what they become has it.</summary>
    MaybeGuard = 0x800,

    /// <summary>Its pages stay in RAM (<c>lo</c>).</summary>
    Locked = 0x2000,

    /// <summary>Maps registers of a device (<c>io</c>).</summary>
    Io = 0x4000,

    /// <summary>Read in order (<c>sr</c>).</summary>
    SequentialRead = 0x8000,

    /// <summary>Read out of order (<c>rr</c>).</summary>
    RandomRead = 0x10000,

    /// <summary>A child does not get it (<c>dc</c>).</summary>
    DontCopy = 0x20000,

    /// <summary>Cannot grow (<c>de</c>).</summary>
    DontExpand = 0x40000,

    /// <summary>Counts against what may be committed (<c>ac</c>).</summary>
    Account = 0x100000,

    /// <summary>Does not count (<c>nr</c>).</summary>
    NoReserve = 0x200000,

    /// <summary>A child gets it empty (<c>wf</c>).</summary>
    WipeOnFork = 0x2000000,

    /// <summary>Left out of core dumps (<c>dd</c>).</summary>
    DontDump = 0x4000000,

    /// <summary>New since soft-dirty bits were cleared (<c>sd</c>).</summary>
    SoftDirty = 0x8000000,

    /// <summary>May hold pages with and without descriptors (<c>mm</c>).</summary>
    MixedMap = 0x10000000,

    /// <summary>Asked for huge pages (<c>hg</c>).</summary>
    HugePage = 0x20000000,

    /// <summary>Asked for none (<c>nh</c>).</summary>
    NoHugePage = 0x40000000,

    /// <summary>What migration, merging and growth refuse.</summary>
    Special = Io | DontExpand | PfnMap | MixedMap,

    /// <summary>What does not keep neighbours apart, and is handed on to what they become.</summary>
    Sticky = SoftDirty | MaybeGuard,

    /// <summary>The three rights.</summary>
    Access = Read | Write | Execute,
}
