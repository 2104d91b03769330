// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Mm.Tests.Differential;

/// <summary>One number for each <see cref="SmapsField"/>.</summary>
[InlineArray(Count)]
internal struct SmapsFields
{
    public const int Count = 19;

    private uint _first;
}
