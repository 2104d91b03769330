// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

internal sealed partial class ScenarioBuilder
{
    // The ACS Control Register from bit 0 (PCIe Base Specification, section 7.7.11.3), by the names lspci prints short.
    private static readonly string[] AcsBits = ["SV", "TB", "RR", "CR", "UF", "EC", "DT"];

    private ushort ReadAcs(SyntaxNode node)
    {
        if (node is not SequenceNode sequence)
        {
            _errors.Add(node.Position, $"'acs' is a list of control bits that are set, like [RR, CR], not {node.Kind}; [] is a capability with none set");
            return 0;
        }

        ushort control = 0;
        foreach (SyntaxNode item in sequence.Items)
        {
            string word = (item as ScalarNode)?.Text ?? "";
            int bit = Array.IndexOf(AcsBits, word);
            if (bit < 0)
            {
                string upper = word.ToUpperInvariant();
                string hint = AcsBits.Contains(upper, StringComparer.Ordinal) ? $"; did you mean {upper}?" : "";
                _errors.Add(item.Position, $"'acs': {item.Kind} is no control bit{hint} (there is: {Phrase.List(AcsBits)})");
            }
            else if ((control & (1 << bit)) != 0)
            {
                _errors.Add(item.Position, $"'acs': {word} is given twice; keep one");
            }
            else
            {
                control |= (ushort)(1 << bit);
            }
        }

        return control;
    }
}
