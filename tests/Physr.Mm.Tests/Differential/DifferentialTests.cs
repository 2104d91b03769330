// Copyright (c) The Physr authors. Licensed under the MIT license.

using Xunit.Abstractions;

namespace Physr.Mm.Tests.Differential;

/// <summary>The model against the live kernel.</summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    [SkippableFact]
    public void R19_R24_R25_R26_R27_TheModelAnswersAsTheKernel() => DifferentialSuite.Run((policy, _) => new ModelWorld(policy), output);
}
