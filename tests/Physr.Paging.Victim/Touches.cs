// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Victim;

/// <summary>The order in which pages are touched.</summary>
internal enum Touches
{
    /// <summary>One behind the other.</summary>
    Sequential,

    /// <summary>Each as likely as the next.</summary>
    Random,

    /// <summary>Few very often, most of them seldom.</summary>
    Zipf,
}
