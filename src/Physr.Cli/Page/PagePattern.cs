// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli.Page;

/// <summary>Which page a thread of the bench goes to next.</summary>
internal enum PagePattern
{
    /// <summary>The one behind the last, and from the end to the first again.</summary>
    Sequential = 0,

    /// <summary>Any, all equally often.</summary>
    Random = 1,

    /// <summary>Few very often, many seldom: the page of rank <c>k</c> as often as <c>1 / k^0.99</c> says.</summary>
    Zipf = 2,
}
