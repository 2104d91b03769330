// Copyright (c) The Physr authors. Licensed under the MIT license.

using FsCheck;
using FsCheck.Fluent;

namespace Physr.Ranges.Tests.Infrastructure;

/// <summary>Runs a property over many generated lists.</summary>
internal static class Law
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(400).WithEndSize(40);

    public static void Holds<T>(Arbitrary<T> values, Action<T> property) => Prop.ForAll(values, property).Check(Many);
}
