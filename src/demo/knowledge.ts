import type { InquiryTopic, KnowledgeLanguage } from '../generated/prisma/enums.ts';
import type { Command } from '../platform/command.ts';
import { demoId, type DemoPeople } from './people.ts';

type Entry = readonly [InquiryTopic, KnowledgeLanguage, question: string, answer: string];

const PUBLISHED: readonly Entry[] = [
  [
    'PRICE',
    'ZH',
    '海运拼箱的价格包括哪些费用？',
    '报价包括海运费、起运港杂费、订舱费和文件费。目的港费用、关税、仓储费和特殊包装另计，报价单上逐项列明。价格有效期以报价单为准。',
  ],
  [
    'PRICE',
    'EN',
    'What does a quotation for less than container load include?',
    'Ocean freight, charges at the port of loading, booking and documents. Charges at the destination, duties, storage and special packing are extra and listed one by one. A quotation holds until the day that it names.',
  ],
  [
    'TRANSIT_TIME',
    'ZH',
    '国内空运一般多久送达？',
    '主要城市之间航班起飞后 24 至 48 小时送达；偏远地区再加一至两个工作日。恶劣天气和航班取消会顺延，我们会主动通知。',
  ],
  [
    'TRANSIT_TIME',
    'EN',
    'How long does customs clearance take?',
    'One to two working days once all documents are complete. An inspection adds two to three days; we tell you at once when one is ordered.',
  ],
  [
    'COVERAGE',
    'ZH',
    '哪些地区可以上门取货？',
    '全国所有地级市的城区都可以上门取货，郊县请提前一个工作日预约。危险品和超大件须先由操作部确认。',
  ],
  [
    'COVERAGE',
    'EN',
    'Do you deliver to addresses outside the large cities?',
    'Yes, to every county through our partners. Delivery takes one to two working days longer, and the time is confirmed with the booking.',
  ],
  [
    'ORDERING',
    'ZH',
    '怎样下单？',
    '可以通过客户经理、服务热线或网上平台下单。请提供发货人、收货人、品名、件数、重量和体积，以及要求的送达日期。下单后一小时内我们确认。',
  ],
  [
    'ORDERING',
    'EN',
    'Which documents does an export shipment need?',
    'The commercial invoice, the packing list, the contract and the power of attorney for customs. Goods under licence need the licence as well.',
  ],
];

const DRAFTS: readonly Entry[] = [
  ['OTHER', 'ZH', '货物可以投保吗？', '可以。托运时声明货值并支付保险费即可，费率按货物种类和运输方式计算。'],
];

/** The beginnings of a knowledge base in both languages (TIC-08). */
export async function seedKnowledge(tx: Command, { employees }: DemoPeople): Promise<void> {
  const entries = [...PUBLISHED, ...DRAFTS];
  const articles = entries.map(([topic, language, question, answer], index) => ({
    id: demoId('4b00', index + 1),
    said: { topic, language, question, answer },
    published:
      index < PUBLISHED.length ? { publishedById: employees.CS_SUPERVISOR, publishedAt: tx.now } : {},
  }));
  await tx.prisma.knowledgeArticle.createMany({
    data: articles.map(({ id, said, published }) => ({
      id,
      ...said,
      ...published,
      state: 'publishedAt' in published ? ('PUBLISHED' as const) : ('DRAFT' as const),
      authorId: employees.CS_AGENT,
      createdAt: tx.now,
      updatedAt: tx.now,
    })),
  });
  await tx.prisma.knowledgeRevision.createMany({
    data: articles.map(({ id, said, published }, index) => ({
      id: demoId('4b01', index + 1),
      articleId: id,
      revision: 1,
      ...said,
      ...published,
      writtenById: employees.CS_AGENT,
      writtenAt: tx.now,
    })),
  });
}
